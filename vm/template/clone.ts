import { open } from 'node:fs/promises';

import { exitText } from '../abnormal-end.ts';
import { GuestMachine } from '../guest-machine.ts';
import { findQemu } from '../qemu/binary.ts';
import { type Machine, machineArguments, STATE_DESCRIPTOR } from '../qemu/machine.ts';
import { startQemu } from '../qemu/process.ts';
import { VmError } from '../vm-error.ts';
import { ignoreSharedMemory, migrated } from './migration.ts';
import type { Template } from './template.ts';

/**
 * Starts a guest from a template: its memory is a private copy-on-write view of the template's file, so that any number
 * of guests run from one template and none changes it.
 *
 * @throws VmError `ERR_KMOD_VM_BOOT` when QEMU does not take the state
 */
export async function cloneGuest(
  template: Template,
  machine: Omit<Machine, 'initramfs'>,
): Promise<GuestMachine> {
  const { path } = await findQemu();
  const state = await open(template.state, 'r');
  try {
    const memory = { path: template.memory, shared: false };
    const arguments_ = machineArguments({ ...machine, initramfs: undefined }, memory);
    const qemu = await startQemu(path, [...arguments_, '-incoming', 'defer'], state.fd);
    const guest = new GuestMachine(
      qemu,
      template.console,
      template.hello.device === '/dev/ttyS1' ? 'fallback' : 'agent',
    );
    await resume(guest);
    return guest;
  } finally {
    await state.close();
  }
}

async function resume(guest: GuestMachine): Promise<void> {
  const { control, exited } = guest.qemu;
  try {
    await control.negotiate();
    await ignoreSharedMemory(control);
    await control.execute('migrate-incoming', { uri: `fd:${STATE_DESCRIPTOR}` });
    await migrated(control);
    await control.execute('cont');
  } catch (cause) {
    await guest.stop();
    throw new VmError('ERR_KMOD_VM_BOOT', `The saved guest could not be resumed. ${exitText(await exited)}`, {
      cause,
    });
  }
}
