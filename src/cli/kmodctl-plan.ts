import { plan } from '../api/load.ts';
import { type LoadPlan, type LoadStep, reasonText, type SkippedModule } from '../plan/plan.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { modulesText } from './kmodctl-load.ts';
import { textTable } from './text-table.ts';

/** `kmodctl plan`. */
export const planSubcommand: Subcommand = {
  options: ['release', 'root', 'json'],
  manual: {
    purpose: 'what loading would do, and why',
    usage: ['[options] NAME...'],
    about:
      'Shows what loading would do, and why, without doing it. The exit code is 1 if the plan cannot be run.',
    operands: 'modules',
  },
  run({ has, operands, place }, io) {
    if (operands.length === 0) throw new UsageError('which modules? Give their names.');
    const loadPlan = plan(operands, place);
    io.stdout(has('json') ? jsonDocument('plan', loadPlan) : planText(loadPlan));
    return loadPlan.blocked.length === 0 ? 0 : 1;
  },
};

function planText({ steps, blocked, tolerated, skipped }: LoadPlan): string {
  const rows = steps.map((step) => [step.module, actionText(step), reasonText(step.because), pathText(step)]);
  const obstacles = blocked.map(({ reason }) => `blocked: ${reason}\n`);
  const optional = tolerated.map(({ reason }) => `will fail, but is not required: ${reason}\n`);
  const left = skipped.map(skippedText);
  const inserts = steps.filter(({ action }) => action === 'insert').length;
  const sum = blocked.length > 0 ? 'The plan cannot be run.\n' : `${modulesText(inserts)} to load.\n`;
  return [textTable(rows), ...left, ...optional, ...obstacles, sum].join('');
}

function skippedText({ module, reason, because }: SkippedModule): string {
  const place = because.kind === 'softdep' ? `, ${reasonText(because)}` : '';
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
      return `run: ${step.command}`;
    case 'skip-builtin':
      return 'builtin';
    default:
      return 'loaded already';
  }
}

function pathText(step: LoadStep): string {
  return step.action === 'skip-builtin' ? '' : (step.path ?? '');
}
