import { statSync } from 'node:fs';

import { resultText } from '../errors/system-error.ts';
import { runEffectsSync } from '../execute/effect.ts';
import { loadRun } from '../execute/load-run.ts';
import { filePath } from '../native/byte-text.ts';
import { planInsert } from '../plan/insert-plan.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import type { CliIo } from './cli-io.ts';
import { WARNING_LEVEL } from './messages.ts';
import { hasCode, insmodWords, refusalText } from './refusal-text.ts';
import { insmodManual } from './small-tool-manuals.ts';
import { insertingOptions, readToolArguments } from './tool-options.ts';

const ENOENT = -2;
const EINVAL = -22;

/** insmod(8). */
export function runInsmod(argv: readonly string[], io: CliIo, program: string): number {
  const given = readToolArguments(argv, { io, program, names: insertingOptions, manual: insmodManual });
  if (typeof given === 'number') return given;
  const { operands, force, checkOwner, compat, messages } = given;
  const [file, ...words] = operands;
  if (file === undefined) {
    messages.error('missing filename.');
    return 1;
  }
  if (file === '-') {
    messages.error('this tool does not support loading from stdin!');
    return 1;
  }
  // An empty name is no file, not the working directory.
  const path = file.startsWith('/') || file === '' ? file : `${io.workingDirectory}/${file}`;
  try {
    statSync(filePath(path));
  } catch (error) {
    messages.error(`could not load module ${file}: ${refusalText(error)}`);
    return 1;
  }
  // The C library finds no name in such a path, so that for kmod there is no module.
  if (file.endsWith('/')) {
    messages.error(`could not load module ${file}: ${resultText(ENOENT)}`);
    return 1;
  }
  try {
    const plan = planInsert(path, joinParameterWords(words), io.kernel, compat);
    // kmod's insmod has no warnings; this one is to be seen.
    messages.level = Math.max(messages.level, WARNING_LEVEL);
    const run = loadRun(plan, {
      kernel: io.kernel,
      firstTime: true,
      forceVermagic: force,
      forceModversion: force,
      checkOwner,
      compat,
      onOwnerFinding: ({ text }) => messages.warning(text),
    });
    runEffectsSync(run, io.syscalls);
    return 0;
  } catch (error) {
    messages.error(`could not insert module ${file}: ${failureText(error, compat)}`);
    return 1;
  }
}

/** kmod takes a file that is too short for an argument that the kernel did not like. */
function failureText(error: unknown, compat: boolean): string {
  const isFile = compat && hasCode(error, 'ERR_KMOD_MODULE_FILE');
  return refusalText(isFile ? { errno: error.errno ?? EINVAL } : error, insmodWords);
}
