import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { byteText, filePath } from '../native/byte-text.ts';
import { packageRoot } from '../native/load-binding.ts';
import { SAFE } from './kernel-request.ts';

/**
 * The program that the kernel starts: a script for Node, which needs no shell and no PATH, and gives modprobe the option
 * `--safe`. Its name decides that it is modprobe.
 */
export const LAUNCHER = '/usr/local/lib/kmodctl/modprobe';

const MARK = '// Written by kmodctl helper install. The kernel starts this to have modules loaded.';

/** Longest first line of a script, in bytes, of any kernel since 2.6 (BINPRM_BUF_SIZE was 128 until 5.0). */
const LONGEST_FIRST_LINE = 126;

/** The program file of this package. */
export function programFile(): string {
  return join(packageRoot(), 'dist/cli/kmodctl.cjs');
}

/** The launcher's text. */
export function launcherText(options: readonly string[]): string {
  const words = [SAFE, ...options].map((word) => JSON.stringify(word)).join(', ');
  return [
    `#!${process.execPath}`,
    MARK,
    `process.argv.splice(2, 0, ${words});`,
    `require(${JSON.stringify(programFile())});`,
    '',
  ].join('\n');
}

/** Why the kernel could not start such a script; undefined when it can. */
export function interpreterFault(interpreter: string): string | undefined {
  if (/\s/.test(interpreter))
    return `the path of Node, ${JSON.stringify(interpreter)}, has a blank in it, which no script can name`;
  const length = Buffer.byteLength(`#!${interpreter}`);
  if (length <= LONGEST_FIRST_LINE) return undefined;
  return `the path of Node, ${interpreter}, has more than ${LONGEST_FIRST_LINE - 2} bytes`;
}

/** The options of a launcher by its text, without `--safe`; undefined for another program. */
export function launcherOptions(text: string): readonly string[] | undefined {
  const words = new RegExp(`\\n${MARK}\\nprocess\\.argv\\.splice\\(2, 0, (.*)\\);\\n`).exec(text)?.[1];
  if (words === undefined) return undefined;
  return (JSON.parse(`[${words}]`) as readonly string[]).filter((word) => word !== SAFE);
}

/** {@link launcherOptions} of a file; undefined also for one that cannot be read. */
export function launcherOptionsOf(file: string): readonly string[] | undefined {
  try {
    return launcherOptions(byteText(readFileSync(filePath(file))));
  } catch {
    return undefined;
  }
}

/** All files that a program consists of, as far as that can be told: its own, a script's interpreter, this package's. */
export function filesBehind(path: string): readonly string[] {
  let start: string;
  try {
    start = readFileSync(filePath(path)).subarray(0, 4096).toString('latin1');
  } catch {
    // A program may be executed by those who may not read it.
    return [path];
  }
  const [, interpreter] = /^#! *(\S+)/.exec(start) ?? [];
  const own = launcherOptions(start) === undefined ? [] : packageFiles();
  return [path, ...(interpreter === undefined ? [] : [interpreter]), ...own];
}

/** What the kernel's modprobe of this package is made of. */
function packageFiles(): readonly string[] {
  const root = packageRoot();
  const inFolder = (folder: string): readonly string[] => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(root, folder, name),
      );
    } catch {
      return [];
    }
  };
  const addon = [...inFolder('build/Release'), ...inFolder('prebuilds')].filter((file) =>
    file.endsWith('.node'),
  );
  return [...inFolder('dist/cli'), ...addon, join(root, 'package.json')];
}
