import { type LoadResult, modprobeSync } from '../api/load.ts';
import type { StepResult } from '../execute/step-result.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import { reasonText } from '../plan/plan.ts';
import type { Subcommand } from './kmodctl-options.ts';
import { textTable } from './text-table.ts';

/** `kmodctl load`. */
export const loadSubcommand: Subcommand = {
  options: ['dry-run', 'first-time', 'no-rollback', 'release', 'root'],
  help: `Usage: kmodctl load [options] NAME [PARAMETER=VALUE...]
Loads a module by name, alias or path (beginning with / or ./) with all that it needs and its soft
dependencies, which may fail.
If a step fails, what was loaded is unloaded again.
  -n, --dry-run        only look
      --first-time     fail when the module is in the kernel already
      --no-rollback    after a failure leave loaded what was loaded
  -d, --root DIR       folder that holds lib/modules
  -S, --release NAME   kernel release
`,
  run({ has, operands, place }, io) {
    const [name, ...words] = operands;
    if (name === undefined) {
      io.stderr('kmodctl load: which module? Give its name.\n');
      return 1;
    }
    const result = modprobeSync(name, {
      ...place,
      parameters: joinParameterWords(words),
      dryRun: has('dry-run'),
      firstTime: has('first-time'),
      rollback: !has('no-rollback'),
      syscalls: io.syscalls,
    });
    io.stdout(textTable(result.steps.map(stepRow), [2]) + summary(result, has('dry-run')));
    return 0;
  },
};

/** A row for a step that has been run: module, outcome, time, reason. */
export function stepRow(result: StepResult): readonly string[] {
  const { module, outcome, durationMs, because, parameters, error } = result;
  const time = outcome === 'loaded' || outcome === 'unloaded' ? `${durationMs.toFixed(1)} ms` : '';
  const reason = parameters === '' ? reasonText(because) : `${reasonText(because)}, with ${parameters}`;
  if (error === null) return [module, outcome, time, reason];
  return [module, 'failed', time, `${reason}, not required: ${error.message}`];
}

function summary({ modules, steps, alreadyLoaded, durationMs }: LoadResult, isDryRun: boolean): string {
  const subject = modules.join(', ');
  if (alreadyLoaded) return `Nothing to do: ${subject} is in the kernel already.\n`;
  const planned = steps.filter(({ outcome }) => outcome === 'planned').length;
  if (isDryRun) return `Would load ${modulesText(planned)} for ${subject}.\n`;
  const loaded = steps.filter(({ outcome }) => outcome === 'loaded').length;
  return `Loaded ${subject}: ${modulesText(loaded)} in ${durationMs.toFixed(0)} ms.\n`;
}

/** A number of modules in words. */
export function modulesText(count: number): string {
  return count === 1 ? '1 module' : `${count} modules`;
}
