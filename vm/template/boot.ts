import { exitText } from '../abnormal-end.ts';
import { abortOf } from '../abort-wait.ts';
import { GuestMachine } from '../guest-machine.ts';
import { elapsed } from '../patience.ts';
import type { EventHead } from '../protocol/requests.ts';
import { findQemu } from '../qemu/binary.ts';
import { type Machine, machineArguments, type MachineMemory } from '../qemu/machine.ts';
import { startQemu } from '../qemu/process.ts';
import { VmError } from '../vm-error.ts';

/** Limits of a boot, in milliseconds. */
export interface BootLimits {
  /** Until the agent greets. */
  readonly boot: number;
  /** Until the first process of the guest shows itself on the console; how a useless /dev/kvm is found out. */
  readonly banner?: number;
  readonly signal: AbortSignal | undefined;
}

/** A guest whose agent has greeted. */
export interface BootedGuest {
  readonly machine: GuestMachine;
  readonly hello: EventHead;
}

/** The first words of the guest's init script. */
const BANNER = 'kmodctl: init';

/**
 * Boots a guest from its kernel.
 *
 * @throws VmError `ERR_KMOD_VM_BOOT` when the agent does not greet in time or QEMU ends before, with the console's last
 *   lines; `ERR_KMOD_VM_PANIC` and others when the kernel says so; `ERR_KMOD_VM_ABORTED`, `ERR_KMOD_VM_NO_QEMU`
 */
export async function bootGuest(
  machine: Machine,
  memory: MachineMemory | undefined,
  limits: BootLimits,
): Promise<BootedGuest> {
  const { path } = await findQemu();
  const qemu = await startQemu(path, machineArguments(machine, memory));
  const guest = new GuestMachine(qemu, '', undefined);
  const ended = new AbortController();
  try {
    await qemu.control.negotiate().catch(async () => {
      throw new VmError(
        'ERR_KMOD_VM_BOOT',
        `The virtual machine did not start. ${exitText(await qemu.exited)}`,
      );
    });
    const hello = await Promise.race([
      guest.connection.hello,
      guest.lost,
      aborted(limits.signal, ended.signal),
      bootTimeout(guest, limits, ended.signal),
    ]);
    return { machine: guest, hello };
  } catch (error) {
    await guest.stop();
    throw bootError(error, guest);
  } finally {
    ended.abort();
  }
}

// "Lost" before the agent's first word is a boot that failed; a panic keeps its own code.
function bootError(error: unknown, guest: GuestMachine): unknown {
  if (!(error instanceof VmError) || error.code !== 'ERR_KMOD_VM_LOST') return error;
  const reason = error.message.split('\n')[0] ?? '';
  return new VmError('ERR_KMOD_VM_BOOT', `The kernel did not boot as far as the agent. ${reason}`, {
    consoleTail: guest.console.tail(),
    cause: error,
  });
}

async function bootTimeout(guest: GuestMachine, limits: BootLimits, ended: AbortSignal): Promise<never> {
  const { boot, banner } = limits;
  if (banner !== undefined && banner < boot) {
    await elapsed(banner, ended);
    if (!guest.console.contents().includes(BANNER))
      throw timeoutError(guest, `The guest's first process did not start within ${banner / 1000} s.`);
    await elapsed(boot - banner, ended);
  } else {
    await elapsed(boot, ended);
  }
  throw timeoutError(guest, `The agent did not answer within ${boot / 1000} s of the start.`);
}

function timeoutError(guest: GuestMachine, message: string): VmError {
  return new VmError('ERR_KMOD_VM_BOOT', message, { consoleTail: guest.console.tail() });
}

async function aborted(signal: AbortSignal | undefined, ended: AbortSignal): Promise<never> {
  await abortOf(signal, ended);
  throw new VmError('ERR_KMOD_VM_ABORTED', 'The VM was aborted by its signal.', { cause: signal?.reason });
}
