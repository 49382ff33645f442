import { statSync } from 'node:fs';

import { runEffectsSync } from '../execute/effect.ts';
import { unloadRun } from '../execute/unload-run.ts';
import { moduleName, moduleNameOfPath } from '../index-files/module-name.ts';
import { ModuleTree } from '../index-files/module-tree.ts';
import type { Obstacle } from '../plan/plan.ts';
import { planUnload } from '../plan/unload-plan.ts';
import type { CliIo } from './cli-io.ts';
import { loadedIfSupported } from './loaded-list.ts';
import type { Messages } from './messages.ts';
import { refusalText } from './refusal-text.ts';
import { rmmodManual } from './small-tool-manuals.ts';
import { changingOptions, readToolArguments } from './tool-options.ts';

/** rmmod(8). */
export function runRmmod(argv: readonly string[], io: CliIo, program: string): number {
  const given = readToolArguments(argv, { io, program, names: changingOptions, manual: rmmodManual });
  if (typeof given === 'number') return given;
  const { operands, force, messages } = given;
  if (operands.length === 0) {
    messages.error('missing module name.');
    return 1;
  }
  const tree = new ModuleTree({ release: io.release });
  // All are tried; one failure makes the whole fail.
  return Math.max(...operands.map((operand) => removeOperand(operand, { io, tree, force, messages })));
}

function removeOperand(
  operand: string,
  context: {
    readonly io: CliIo;
    readonly tree: ModuleTree;
    readonly force: boolean;
    readonly messages: Messages;
  },
): number {
  const { io, tree, force, messages } = context;
  const module = isFile(operand, io) ? moduleNameOfPath(operand) : moduleName(operand);
  try {
    const plan = planUnload({
      modules: [module],
      loaded: loadedIfSupported(io.kernel),
      tree,
      kernel: io.kernel,
      force,
      check: force ? 'none' : 'all',
    });
    const obstacle = plan.blocked[0];
    if (obstacle !== undefined) {
      messages.error(obstacleText(obstacle));
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

function isFile(operand: string, io: CliIo): boolean {
  try {
    statSync(operand.startsWith('/') ? operand : `${io.workingDirectory}/${operand}`);
    return true;
  } catch {
    return false;
  }
}

function obstacleText({ module, code, reason, holders }: Obstacle): string {
  switch (code) {
    case 'ERR_KMOD_BUILTIN':
      return `Module ${module} is builtin.`;
    case 'ERR_KMOD_NOT_LOADED':
      return `Module ${module} is not currently loaded`;
    case 'ERR_KMOD_IN_USE':
      return holders.length > 0
        ? `Module ${module} is in use by: ${holders.join(' ')}`
        : `Module ${module} is in use`;
    case 'ERR_KMOD_NO_UNLOAD_SUPPORT':
      return 'Module unloading is not supported';
    default:
      return reason;
  }
}
