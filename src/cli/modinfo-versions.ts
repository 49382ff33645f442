import { resolve } from 'node:path';

import { moduleVersions } from '../api/module-versions.ts';
import type { CliIo } from './cli-io.ts';
import type { Messages } from './messages.ts';
import type { ModinfoArguments } from './modinfo-options.ts';
import { versionTables, versionedNames } from './version-view.ts';

/** `modinfo --versions`: what versions the symbols of modules have, there and in the kernel. */
export async function runModinfoVersions(
  { byName, operands, release, basedir, form }: ModinfoArguments,
  io: CliIo,
  messages: Messages,
): Promise<number> {
  const { workingDirectory } = io;
  const place = {
    root: basedir === undefined ? undefined : resolve(workingDirectory, basedir),
    release: release ?? io.release,
    kernelRoot: io.kernel.root,
  };
  let exitCode = 0;
  for (const operand of operands)
    try {
      const isPath = !byName && (/^\.{0,2}\//.test(operand) || /\.ko(?:\.(?:gz|xz|zst))?$/.test(operand));
      const name = isPath ? resolve(workingDirectory, operand) : operand;
      const found = await moduleVersions(name, { ...place, kind: byName ? 'name' : 'auto' });
      const heading = operands.length > 1 ? `${found.name}:\n` : '';
      io.stdout(heading + (form === 'classic' ? versionedNames(found) : versionTables(found)));
    } catch (error) {
      messages.error(error instanceof Error ? error.message : String(error));
      exitCode = 1;
    }
  return exitCode;
}
