/** The real kmod in a guest, beside ours. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { VirtualMachine } from '../../vm/index.ts';
import { referenceKmod, type ReferenceVersion } from '../reference/reference-kmod.ts';

/** Folder in the guest with the real tools by name (`modprobe`, `depmod`, …), to be put before the others in PATH. */
export const KMOD_BIN = '/opt/kmod/bin';

const LIBRARIES = '/opt/kmod/lib';
const PROGRAM = '/opt/kmod/kmod';
const TOOLS = ['kmod', 'modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod'];
const NEEDED = ['libc.so.6', 'libcrypto.so.3', 'liblzma.so.5', 'libzstd.so.1'];

/** Program and first arguments of a tool of the real kmod in a guest, without the shell that `KMOD_BIN/TOOL` starts. */
export type KmodCommand = (tool: string) => readonly string[];

/**
 * Puts Debian's kmod with its own loader and libraries into a guest. With `PATH` as {@link KMOD_BIN} before `/usr/sbin`
 * it is what the name `modprobe` means, also in commands of the configuration.
 */
export async function putKmod(vm: VirtualMachine, version: ReferenceVersion = '34.2'): Promise<KmodCommand> {
  const { command, libraries, loader } = await referenceKmod(version);
  const inGuest: KmodCommand = (tool) => [
    join(LIBRARIES, basename(loader)),
    '--argv0',
    tool,
    '--library-path',
    LIBRARIES,
    PROGRAM,
  ];
  const program = command('kmod').at(-1) ?? '';
  await vm.writeFile(PROGRAM, await readFile(program), 0o755);
  await vm.writeFile(join(LIBRARIES, basename(loader)), await readFile(loader), 0o755);
  for (const name of NEEDED)
    await vm.writeFile(join(LIBRARIES, name), await readFile(join(libraries, name)), 0o755);
  for (const tool of TOOLS)
    await vm.writeFile(join(KMOD_BIN, tool), `#!/bin/sh\nexec ${inGuest(tool).join(' ')} "$@"\n`, 0o755);
  return inGuest;
}
