import { plan } from '../api/load.ts';
import { treeOf } from '../api/place-options.ts';
import { drawPlan, drawPlanSvg } from '../api/plan-picture.ts';
import { planDocument } from '../plan/plan-document.ts';
import { type LoadPlan, type LoadStep, reasonText, type SkippedModule } from '../plan/plan.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, type SubcommandArguments, UsageError } from './kmodctl-options.ts';
import { modulesText } from './kmodctl-load.ts';
import { runPlanRemoval } from './kmodctl-plan-removal.ts';
import { planningOptionIds, planningOptions } from './planning-options.ts';
import { textTable } from './text-table.ts';

/** `kmodctl plan`. */
export const planSubcommand: Subcommand = {
  options: [
    ...planningOptionIds,
    'remove',
    'remove-holders',
    'keep-dependencies',
    'wait',
    'force',
    'release',
    'root',
    'graph',
    'json',
  ],
  manual: {
    purpose: 'what loading or unloading would do, and why',
    usage: ['[options] NAME...'],
    about:
      'Shows what loading would do, or with --remove unloading, and why, without doing it. The exit code is 1 if the plan cannot be run.',
    operands: 'modules',
  },
  run(given, io) {
    const { has, value, operands, place } = given;
    if (operands.length === 0) throw new UsageError('which modules? Give their names.');
    const graph = value('graph');
    const other = (['remove', 'json'] as const).find(has);
    if (graph !== undefined && other !== undefined)
      throw new UsageError(`--graph and --${other} exclude each other`);
    if (has('remove')) return runPlanRemoval(given, io);
    if (graph !== undefined && !['dot', 'mermaid', 'svg'].includes(graph))
      throw new UsageError(`--graph takes dot, mermaid or svg, not '${graph}'`);
    const loadPlan = plan(operands, { ...place, ...planningOptions(given, io) });
    const exitCode = loadPlan.blocked.length === 0 ? 0 : 1;
    if (graph === 'svg')
      return drawPlanSvg(loadPlan, treePlace(place)).then((svg) => {
        io.stdout(svg);
        return exitCode;
      });
    if (graph === 'dot' || graph === 'mermaid') io.stdout(drawPlan(loadPlan, graph, treePlace(place)));
    else if (has('json')) io.stdout(jsonDocument('plan', planDocument(loadPlan, treeOf(place).directory)));
    else io.stdout(planText(loadPlan));
    return exitCode;
  },
};

function treePlace({ root, release }: SubcommandArguments['place']): SubcommandArguments['place'] {
  return { root, release };
}

function planText({ steps, blocked, tolerated, skipped }: LoadPlan): string {
  const rows = steps.map((step) => [step.module, actionText(step), reasonText(step.because), fileText(step)]);
  const obstacles = blocked.map(({ reason }) => `blocked: ${reason}\n`);
  const optional = tolerated.map(({ reason }) => `will fail, but is not required: ${reason}\n`);
  const left = skipped.map(skippedText);
  const acts = steps.filter(({ action }) => action === 'insert' || action === 'command').length;
  const sum = blocked.length > 0 ? 'The plan cannot be run.\n' : `${modulesText(acts)} to load.\n`;
  return [textTable(rows), ...left, ...optional, ...obstacles, sum].join('');
}

function skippedText({ module, reason, because }: SkippedModule): string {
  const place = because.kind === 'asked' ? '' : `, ${reasonText(because)}`;
  return `skipped: ${module}${place}: ${reason}\n`;
}

function actionText(step: LoadStep): string {
  switch (step.action) {
    case 'insert':
      return {
        finit: 'load',
        'finit-compressed': 'load compressed',
        'finit-unpacked': 'unpack and load',
        init: 'load from memory',
      }[step.call];
    case 'command':
      return 'run command';
    case 'skip-builtin':
      return 'builtin';
    default:
      return 'loaded already';
  }
}

/** The module's file, or the command that is run in its place, and what it is given. */
function fileText(step: LoadStep): string {
  switch (step.action) {
    case 'insert':
      return step.parameters === '' ? step.path : `${step.path} ${step.parameters}`;
    case 'command': {
      const { file, line } = step.origin;
      const options = step.parameters === '' ? '' : ` with ${step.parameters}`;
      return `${step.template}${options} (${file}:${line})`;
    }
    case 'skip-builtin':
      return '';
    default:
      return step.path ?? '';
  }
}
