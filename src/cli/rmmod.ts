import { statSync } from 'node:fs';

import { autocleanRun } from '../execute/autoclean-run.ts';
import { runEffectsSync } from '../execute/effect.ts';
import { unloadRun } from '../execute/unload-run.ts';
import { moduleName, moduleNameOfPath } from '../index-files/module-name.ts';
import { ModuleTree } from '../index-files/module-tree.ts';
import { isModuleListVisible, moduleState } from '../kernel/module-state.ts';
import { filePath } from '../native/byte-text.ts';
import type { Obstacle } from '../plan/plan.ts';
import { planUnload } from '../plan/unload-plan.ts';
import type { CliIo } from './cli-io.ts';
import { loadedIfSupported } from './loaded-list.ts';
import { refusalText } from './refusal-text.ts';
import { rmmodManual } from './small-tool-manuals.ts';
import { removingOptions, readToolArguments, type ToolArguments } from './tool-options.ts';

/** rmmod(8). */
export function runRmmod(argv: readonly string[], io: CliIo, program: string): number {
  const given = readToolArguments(argv, { io, program, names: removingOptions, manual: rmmodManual });
  if (typeof given === 'number') return given;
  const { operands, messages, all } = given;
  if (all) {
    if (operands.length === 0) return cleanUp(io, given);
    messages.error('-a takes no module names: it finds them by their marks.');
    return 1;
  }
  if (operands.length === 0) {
    messages.error('missing module name.');
    return 1;
  }
  const tree = new ModuleTree({ release: io.release });
  // All are tried; one failure makes the whole fail. A folder with a slash behind ends it, as it ends kmod's.
  let exitCode = 0;
  for (const operand of operands) {
    const isPath = isFile(operand, io);
    if (isPath && operand.endsWith('/')) {
      messages.error(`could not use module ${operand}: No such file or directory`);
      return 1;
    }
    const module = isPath ? moduleNameOfPath(operand) : moduleName(operand);
    if (removeModule(module, operand, { io, tree, given }) !== 0) exitCode = 1;
  }
  return exitCode;
}

/** One of the two passes in which what `modprobe -k` loaded goes away again. */
function cleanUp(io: CliIo, { messages, verbose }: ToolArguments): number {
  try {
    const { removed, kept } = runEffectsSync(autocleanRun(io.kernel), io.syscalls);
    if (verbose) io.stdout(removed.map((module) => `rmmod ${module}\n`).join(''));
    for (const { module, error } of kept)
      messages.error(`could not remove '${module}': ${refusalText(error)}`);
    return kept.length === 0 ? 0 : 1;
  } catch (error) {
    messages.error(`could not clean up: ${refusalText(error)}`);
    return 1;
  }
}

interface RemovalContext {
  readonly io: CliIo;
  readonly tree: ModuleTree;
  readonly given: ToolArguments;
}

function removeModule(module: string, operand: string, context: RemovalContext): number {
  const { io, tree, given } = context;
  const { force, messages } = given;
  try {
    const plan = planUnload({
      modules: [module],
      loaded: loadedIfSupported(io.kernel),
      tree,
      kernel: io.kernel,
      force,
      check: force ? 'none' : 'counts',
    });
    const obstacle = plan.blocked[0];
    if (obstacle !== undefined) {
      for (const line of obstacleLines(obstacle, context)) messages.error(line);
      return 1;
    }
    runEffectsSync(unloadRun(plan, { kernel: io.kernel }), io.syscalls);
    return 0;
  } catch (error) {
    messages.error(`could not remove '${module}': ${refusalText(error)}`);
    messages.error(`could not remove module ${operand}: ${refusalText(error)}`);
    return 1;
  }
}

// An empty name is no file, not the working directory.
function isFile(operand: string, io: CliIo): boolean {
  if (operand === '') return false;
  try {
    statSync(filePath(operand.startsWith('/') ? operand : `${io.workingDirectory}/${operand}`));
    return true;
  } catch {
    return false;
  }
}

function obstacleLines(obstacle: Obstacle, { io, tree, given }: RemovalContext): readonly string[] {
  const { module, code, reason, holders } = obstacle;
  switch (code) {
    case 'ERR_KMOD_BUILTIN':
      // kmod goes by the index alone, and takes what only /sys knows for a loaded module.
      return given.compat && !tree.isBuiltin(module)
        ? unknownHolders(module)
        : [`Module ${module} is builtin.`];
    case 'ERR_KMOD_NOT_LOADED':
      // The folder of no name is the one of all modules.
      return given.compat && module === '' && isModuleListVisible(io.kernel)
        ? unknownHolders(module)
        : [`Module ${module} is not currently loaded`];
    case 'ERR_KMOD_IN_USE':
      if (holders.length > 0) return [`Module ${module} is in use by: ${holders.join(' ')}`];
      if (moduleState(module, io.kernel) !== 'going') return [`Module ${module} is in use`];
      // kmod fails without a word.
      return given.compat ? [] : [reason];
    case 'ERR_KMOD_NO_UNLOAD_SUPPORT':
      return ['Module unloading is not supported'];
    default:
      return [reason];
  }
}

/** What kmod says of a folder of /sys/module that is no loaded module's. */
function unknownHolders(module: string): readonly string[] {
  return [
    `could not open '/sys/module/${module}/holders': No such file or directory`,
    'Module unloading is not supported',
  ];
}
