import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { VmError } from '../vm-error.ts';

/** An installed QEMU. */
export interface QemuBinary {
  readonly path: string;
  /** First line of `--version`. */
  readonly version: string;
}

let found: Promise<QemuBinary> | undefined;

/**
 * The QEMU to use: `KMODCTL_VM_QEMU`, or `qemu-system-x86_64` on the PATH. Asked for its version once per process.
 *
 * @throws VmError `ERR_KMOD_VM_NO_QEMU` with the command that installs it
 */
export async function findQemu(): Promise<QemuBinary> {
  found ??= locate();
  try {
    return await found;
  } catch (error) {
    found = undefined;
    throw error;
  }
}

async function locate(): Promise<QemuBinary> {
  const named = process.env['KMODCTL_VM_QEMU'];
  const path = named === undefined || named === '' ? findProgram('qemu-system-x86_64') : named;
  if (path === undefined)
    throw new VmError(
      'ERR_KMOD_VM_NO_QEMU',
      'qemu-system-x86_64 was not found on the PATH. Install it: apt-get install --no-install-recommends qemu-system-x86 (or name one in KMODCTL_VM_QEMU)',
    );
  try {
    const { stdout } = await promisify(execFile)(path, ['--version']);
    return { path, version: stdout.split('\n')[0] ?? '' };
  } catch (cause) {
    throw new VmError('ERR_KMOD_VM_NO_QEMU', `${path} --version could not be run: ${String(cause)}`, {
      cause,
    });
  }
}

/** Full path of a program on the PATH, undefined when there is none. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
