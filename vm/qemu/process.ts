import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';

import { VmError } from '../vm-error.ts';
import { findProgram } from './binary.ts';
import { machineDescriptors } from './machine.ts';
import { QmpConnection } from './qmp.ts';

/** How QEMU ended. */
export interface QemuExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What QEMU itself said, not the guest. */
  readonly stderr: string;
}

/** A running QEMU with its connections. */
export interface QemuProcess {
  readonly pid: number;
  readonly control: QmpConnection;
  readonly agent: Duplex;
  readonly fallback: Duplex;
  readonly console: Duplex;
  readonly terminal: Duplex;
  /** Resolves when QEMU has ended, for whatever reason; never rejects. */
  readonly exited: Promise<QemuExit>;
  /** Ends QEMU at once. The guest's disks and memory are private copies, so nothing can be damaged. */
  kill(): Promise<QemuExit>;
}

/**
 * Starts QEMU under `setpriv --pdeathsig KILL`: the kernel itself ends it when this process dies, kill -9 included.
 * All connections are socket pairs inherited by QEMU, so there are no socket files to find, name or clean up.
 *
 * @param stateDescriptor open file with a saved state, becomes descriptor 8
 * @throws VmError `ERR_KMOD_VM_NO_QEMU` when it cannot be started
 */
export async function startQemu(
  path: string,
  arguments_: readonly string[],
  stateDescriptor?: number,
): Promise<QemuProcess> {
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined)
    throw new VmError(
      'ERR_KMOD_VM_NO_QEMU',
      'setpriv (package util-linux) was not found; without it a QEMU could be left behind.',
    );
  const child = spawn(setpriv, ['--pdeathsig', 'KILL', '--', path, ...arguments_], {
    stdio: [
      'ignore',
      'ignore',
      'pipe',
      ...Object.values(machineDescriptors).map(() => 'pipe' as const),
      ...(stateDescriptor === undefined ? [] : [stateDescriptor]),
    ],
  });
  const exited = watchExit(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new VmError('ERR_KMOD_VM_NO_QEMU', `${setpriv} could not be started: ${cause.message}`, { cause }),
      );
    });
  });
  return {
    pid: child.pid ?? 0,
    control: new QmpConnection(connection(child, 'control')),
    agent: connection(child, 'agent'),
    fallback: connection(child, 'fallback'),
    console: connection(child, 'console'),
    terminal: connection(child, 'terminal'),
    exited,
    kill: async () => {
      child.kill('SIGKILL');
      return await exited;
    },
  };
}

async function watchExit(child: ChildProcess): Promise<QemuExit> {
  let stderr = '';
  const errors = child.stderr as Readable;
  errors.setEncoding('utf8');
  errors.on('data', (text: string) => {
    stderr = (stderr + text).slice(-16_384);
  });
  // 'close' rather than 'exit': by then the last words of QEMU and of the guest's console have been read.
  return await new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
}

function connection(child: ChildProcess, name: keyof typeof machineDescriptors): Duplex {
  const stream = (child.stdio as readonly unknown[])[machineDescriptors[name]] as Duplex;
  stream.on('error', () => {}); // a reset when QEMU dies; `exited` reports that
  return stream;
}
