import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { argumentRangeError, requireOptions } from '../src/errors/argument.ts';
import type { GuestMachine } from './guest-machine.ts';
import { describeInitramfs } from './initramfs/initramfs.ts';
import type { Kernel } from './kernels/kernel.ts';
import { resolveKernel } from './kernels/resolve-kernel.ts';
import { type AcceleratorChoice, chooseAccelerator } from './qemu/accelerator.ts';
import { findQemu } from './qemu/binary.ts';
import { baseCommandLine, type Machine } from './qemu/machine.ts';
import { mayBeAccelerator, rejectedAccelerator, rememberRejection } from './template/accelerator-verdict.ts';
import { bootGuest, type BootLimits } from './template/boot.ts';
import { cloneGuest } from './template/clone.ts';
import { ensureTemplate, type TemplateRecipe } from './template/template.ts';
import { VirtualMachine } from './virtual-machine.ts';
import { VmError } from './vm-error.ts';

/** Time limits in milliseconds. */
export interface VmTimeouts {
  /** From power-on to the agent. Default 120,000: a template boots in 4 s without hardware virtualisation, but the host may be busy. */
  readonly boot?: number;
  /** Of each command, function or file. Default 60,000. */
  readonly command?: number;
  /** Of the whole VM, from its start. Default 600,000. */
  readonly lifetime?: number;
}

/** Options of {@link startVm}. */
export interface StartVmOptions {
  /** A kernel's name in vm/kernels.json, such as `6.1` or `6.12`. Default: `KMODCTL_VM_KERNEL` (`vmlinuz:modules-dir`), or `6.12`. */
  readonly kernel?: string;
  /** Words after the harness's own on the kernel command line. Default none. */
  readonly commandLine?: readonly string[];
  /** Files to write before the VM is handed out, by path in the guest. Default none. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Modules to have in the guest, with what they depend on, or `all` of the kernel's. Default: the list in vm/kernels.json. */
  readonly modules?: readonly string[] | 'all';
  /** Guest memory in MiB. Default 512, or 2048 with `modules: 'all'`. */
  readonly memory?: number;
  /** Virtual processors. Default 1. */
  readonly cpus?: number;
  /** Clone from a template, made at the first use. Default true; false boots the kernel anew. */
  readonly template?: boolean;
  readonly timeouts?: VmTimeouts;
  /** Stops the VM, or its start. Default none. */
  readonly signal?: AbortSignal;
  /** Receives a line for every longer step: a download, a boot. Default: nothing is told. */
  readonly log?: (line: string) => void;
}

const optionTypes = {
  kernel: 'string',
  commandLine: 'array',
  files: 'object',
  modules: ['array', 'string'],
  memory: 'number',
  cpus: 'number',
  template: 'boolean',
  timeouts: 'object',
  signal: 'object',
  log: 'function',
} as const;

interface Settings {
  readonly kernel: Kernel;
  readonly recipe: TemplateRecipe;
  readonly choice: AcceleratorChoice;
  readonly limits: BootLimits;
  readonly log: (line: string) => void;
}

interface Started {
  readonly machine: GuestMachine;
  readonly choice: AcceleratorChoice;
  readonly device: string;
  readonly templateMs: number;
}

/**
 * Starts a guest on a real, stock kernel. It is in the same state each time: cloned from a template, which the first
 * call for a kernel and command line boots and saves.
 *
 * @throws VmError with one of the `ERR_KMOD_VM_*` codes; TypeError or RangeError for wrong options
 */
export async function startVm(options: StartVmOptions = {}): Promise<VirtualMachine> {
  requireOptions('options', options, optionTypes);
  requireOptions('options.timeouts', options.timeouts, {
    boot: 'number',
    command: 'number',
    lifetime: 'number',
  });
  const settings = await settle(options);
  const begun = performance.now();
  const started = options.template === false ? await startByBoot(settings) : await startByClone(settings);
  const { machine } = started;
  try {
    await Promise.race([machine.connection.request('resume', { time: Date.now() }).answer, machine.lost]);
    const vm = new VirtualMachine(
      machine,
      {
        kernel: settings.kernel,
        accelerator: started.choice.accelerator,
        acceleratorReason: started.choice.reason,
        origin: options.template === false ? 'boot' : 'template',
        readyMs: performance.now() - begun - started.templateMs,
        templateMs: started.templateMs,
        agentDevice: started.device,
      },
      options.timeouts?.command ?? 60_000,
      limitLifetime(machine, options),
    );
    for (const [path, content] of Object.entries(options.files ?? {})) await vm.writeFile(path, content);
    return vm;
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

async function settle(options: StartVmOptions): Promise<Settings> {
  const log = options.log ?? ((): void => {});
  const { signal, modules } = options;
  if (signal?.aborted)
    throw new VmError('ERR_KMOD_VM_ABORTED', 'The VM was aborted before its start.', {
      cause: signal.reason,
    });
  const qemu = await findQemu();
  const kernel = await resolveKernel(options.kernel, { log, ...(signal && { signal }) });
  const initramfs = await describeInitramfs({
    kernel,
    ...(modules && { modules }),
    log,
    ...(signal && { signal }),
  });
  const choice = await rejectedAccelerator(chooseAccelerator(), qemu.version);
  const machine = {
    accelerator: choice.accelerator,
    memory: positive('memory', options.memory ?? (modules === 'all' ? 2048 : 512)),
    cpus: positive('cpus', options.cpus ?? 1),
    vmlinux: kernel.vmlinux,
    commandLine: [...baseCommandLine, ...(options.commandLine ?? [])].join(' '),
  };
  const recipe = { machine, kernelId: kernel.id, initramfs, qemuVersion: qemu.version };
  return { kernel, recipe, choice, limits: { boot: options.timeouts?.boot ?? 120_000, signal }, log };
}

function positive(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw argumentRangeError(`options.${name}`, 'a positive integer', value);
  return value;
}

const KVM_BANNER_MS = 8000;

async function startByClone(settings: Settings): Promise<Started> {
  const { recipe, limits, choice, log } = settings;
  const unproven = choice.accelerator === 'kvm' && !choice.forced;
  try {
    const template = await ensureTemplate(
      recipe,
      unproven ? { ...limits, banner: KVM_BANNER_MS } : limits,
      log,
    );
    const machine = await cloneGuest(template, recipe.machine);
    return { machine, choice, device: template.hello.device ?? '', templateMs: template.madeInMs };
  } catch (error) {
    if (!unproven || !mayBeAccelerator(error)) throw error;
    const other = await rememberRejection(error, recipe.qemuVersion);
    log(other.reason);
    const machine = { ...recipe.machine, accelerator: other.accelerator };
    return await startByClone({ ...settings, choice: other, recipe: { ...recipe, machine } });
  }
}

async function startByBoot({ recipe, limits, choice }: Settings): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-vm-'));
  try {
    const initramfs = join(folder, 'initramfs');
    await recipe.initramfs.write(initramfs);
    const { machine, hello } = await bootGuest(
      { ...recipe.machine, initramfs } satisfies Machine,
      undefined,
      limits,
    );
    return { machine, choice, device: hello.device ?? '', templateMs: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true }); // QEMU has them open
  }
}

// Answers what takes the limits off again.
function limitLifetime(machine: GuestMachine, options: StartVmOptions): () => void {
  const lifetime = options.timeouts?.lifetime ?? 600_000;
  const timer = Number.isFinite(lifetime)
    ? setTimeout(() => {
        machine.fail(
          new VmError(
            'ERR_KMOD_VM_LIFETIME',
            `The VM was ended: it lived longer than ${lifetime / 1000} s.`,
            {
              consoleTail: machine.console.tail(10),
            },
          ),
        );
      }, lifetime).unref()
    : undefined;
  const abort = (): void => {
    const cause: unknown = options.signal?.reason;
    machine.fail(new VmError('ERR_KMOD_VM_ABORTED', 'The VM was stopped by its signal.', { cause }));
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  return () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  };
}
