import type { Run } from '../execute/effect.ts';
import { lookUp } from '../plan/lookup.ts';
import type { LoadStep } from '../plan/plan.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { insertOperand, planTargets } from './modprobe-insert.ts';
import { OrderedOutput } from './ordered-output.ts';

/**
 * Inserts all operands, one after the other; with `--jobs` those side by side that have nothing to do with each other, unless a
 * modules.conf rules. The end, the output and the exit code are the same.
 *
 * @returns 1 when one of them failed
 */
export function* insertOperands(call: ModprobeCall, operands: readonly string[]): Run<number> {
  const { jobs, dryRun, resolveAlias } = call.arguments;
  const isInOrder = jobs <= 1 || operands.length < 2 || dryRun || resolveAlias || call.rules !== undefined;
  const order = isInOrder ? undefined : operandOrder(call, operands);
  if (order !== undefined) return yield* insertSideBySide(call, operands, order);
  let exitCode = 0;
  for (const operand of operands) if ((yield* insertOperand(call, operand, '')) !== 0) exitCode = 1;
  return exitCode;
}

function* insertSideBySide(
  call: ModprobeCall,
  operands: readonly string[],
  order: readonly (readonly number[])[],
): Run<number> {
  const output = new OrderedOutput(call.io, operands.length);
  const jobs = Math.min(call.arguments.jobs, operands.length);
  // Together never more than were asked for.
  const given = { ...call.arguments, jobs: Math.max(1, Math.floor(call.arguments.jobs / jobs)) };
  let exitCode = 0;
  const insert = function* (operand: string, position: number): Run<void> {
    const io = output.ioOf(position);
    const own: ModprobeCall = { ...call, io, messages: call.messages.through(io), arguments: given };
    try {
      if ((yield* insertOperand(own, operand, '')) !== 0) exitCode = 1;
    } finally {
      output.finish(position);
    }
  };
  const tasks = operands.map((operand, position) => ({
    after: order[position] ?? [],
    run: () => insert(operand, position),
  }));
  yield { kind: 'tasks', tasks, jobs };
  return exitCode;
}

/**
 * For each operand the positions of those before it that have to be done first: the ones that bring in or look at a module
 * that it does, too. Commands of the configuration may do anything: an operand with one waits for all before it, and all
 * behind wait for it. Undefined where that cannot be known beforehand.
 */
function operandOrder(
  call: ModprobeCall,
  operands: readonly string[],
): readonly (readonly number[])[] | undefined {
  const plans: (readonly LoadStep[])[] = [];
  try {
    for (const operand of operands) plans.push(stepsOf(call, operand));
  } catch {
    // It is told when its turn comes.
    return undefined;
  }
  const touched = plans.map(
    (steps) => new Set(steps.filter(({ action }) => action !== 'skip-builtin').map(({ module }) => module)),
  );
  const hasCommand = plans.map((steps) => steps.some(({ action }) => action === 'command'));
  return touched.map((modules, position) =>
    [...touched.keys()].filter(
      (other) =>
        other < position &&
        (hasCommand[other] === true ||
          hasCommand[position] === true ||
          [...modules].some((module) => touched[other]?.has(module) === true)),
    ),
  );
}

function stepsOf(call: ModprobeCall, operand: string): readonly LoadStep[] {
  const { tree, configuration, io } = call;
  const targets = lookUp(tree, operand, { configuration, workingDirectory: io.workingDirectory });
  return targets.length === 0 ? [] : planTargets(call, targets, '').steps;
}
