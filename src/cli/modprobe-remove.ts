import { runEffectsSync } from '../execute/effect.ts';
import { unloadRun } from '../execute/unload-run.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import { lookUp } from '../plan/lookup.ts';
import type { Obstacle } from '../plan/plan.ts';
import { planUnload } from '../plan/unload-plan.ts';
import { loadedIfSupported } from './loaded-list.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { refusalText } from './refusal-text.ts';

/** Removes what one operand of modprobe -r stands for. Answers the exit code. */
export function removeOperand(call: ModprobeCall, operand: string): number {
  const { messages, tree } = call;
  // Here a path is no path, but a name that no module has.
  const isPath = operand.startsWith('/') || operand.startsWith('./');
  if (normalizeAlias(operand) === undefined) return 1;
  const targets = isPath ? [] : lookUp(tree, operand);
  if (targets.length === 0) {
    const text = `Module ${operand} not found.`;
    if (call.arguments.all) messages.warning(text);
    else messages.fatal(text);
    return 1;
  }
  for (const { module } of targets) if (removeModule(call, module) !== 0) return 1;
  return 0;
}

function removeModule(call: ModprobeCall, module: string): number {
  const { arguments: given, io, messages, tree, printAction } = call;
  const plan = planUnload({
    modules: [module],
    loaded: loadedIfSupported(io.kernel),
    tree,
    kernel: io.kernel,
    dependencies: true,
    softDependencies: 'asked',
    force: given.force,
    check: given.showDepends ? 'none' : 'all',
    firstTime: given.firstTime,
  });
  const obstacle = plan.blocked[0];
  if (obstacle !== undefined) {
    messages.fatal(obstacleText(obstacle));
    return 1;
  }
  if (given.dryRun) {
    for (const step of plan.steps) printAction(`rmmod ${step.module}`);
    return 0;
  }
  try {
    runEffectsSync(
      unloadRun(plan, {
        kernel: io.kernel,
        firstTime: given.firstTime,
        onStep: (event) => {
          if (event.phase === 'start') printAction(`rmmod ${event.step.module}`);
        },
      }),
      io.syscalls,
      io.commands,
    );
    return 0;
  } catch (error) {
    messages.error(`could not remove '${module}': ${refusalText(error)}`);
    return 1;
  }
}

function obstacleText({ module, code, reason }: Obstacle): string {
  switch (code) {
    case 'ERR_KMOD_NOT_LOADED':
      return `Module ${module} is not in kernel.`;
    case 'ERR_KMOD_BUILTIN':
      return `Module ${module} is builtin.`;
    case 'ERR_KMOD_IN_USE':
      return `Module ${module} is in use.`;
    default:
      return reason;
  }
}
