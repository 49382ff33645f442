import { type LoadResult, modprobe, modprobeSync, plan } from '../api/load.ts';
import { treeOf } from '../api/place-options.ts';
import { isOwnerCheck, type OwnerCheck } from '../execute/file-owner.ts';
import type { StepResult } from '../execute/step-result.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import { reasonText } from '../plan/plan.ts';
import type { Paint } from './colour.ts';
import { jsonDocument } from './json-output.ts';
import { loadSentence } from './kmod-sentence.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { ownerCheckFault } from './owner-option.ts';
import { planningOptionIds, planningOptions } from './planning-options.ts';
import { textTable } from './text-table.ts';

/** `kmodctl load`. */
export const loadSubcommand: Subcommand = {
  options: [
    ...planningOptionIds,
    'check-owner',
    'dry-run',
    'first-time',
    'jobs',
    'no-rollback',
    'quiet',
    'release',
    'root',
    'json',
    'color',
  ],
  manual: {
    purpose: 'load a module with all that it needs',
    usage: ['[options] NAME [PARAMETER=VALUE...]'],
    about:
      'Loads a module by name, alias or path (beginning with / or ./) with all that it needs and its soft dependencies, which may fail. If a step fails, what was loaded is unloaded again.',
    operands: 'module-and-parameters',
  },
  run(given, io) {
    const { has, value, operands, place, paint } = given;
    const [name, ...words] = operands;
    if (name === undefined) throw new UsageError('which module? Give its name.');
    const jobs = value('jobs') ?? '1';
    if (!/^[1-9]\d{0,2}$/.test(jobs)) throw new UsageError(`-j takes a number from 1 to 999, not '${jobs}'`);
    const options = {
      ...place,
      ...planningOptions(given, io),
      parameters: joinParameterWords(words),
      dryRun: has('dry-run'),
      firstTime: has('first-time'),
      rollback: !has('no-rollback'),
      checkOwner: ownerCheckOf(value('check-owner')),
      syscalls: io.syscalls,
    };
    const show = (result: LoadResult): number => {
      for (const { text } of result.ownerFindings) io.stderr(`kmodctl load: warning: ${text}\n`);
      if (has('json')) io.stdout(jsonDocument('load', { dryRun: has('dry-run'), ...result }));
      else io.stdout(stepTable(result.steps, paint) + summary(result, has('dry-run')));
      return 0;
    };
    if (jobs === '1') return show(modprobeSync(name, options));
    return modprobe(name, { ...options, jobs: Number(jobs) }).then(show);
  },
  kmodSentence(error, given, io) {
    const { operands, place } = given;
    const [asked = ''] = operands;
    const { directory } = treeOf(place);
    const modules = (): readonly string[] =>
      plan(asked, { ...place, ...planningOptions(given, io) }).targets.map(({ module }) => module);
    return loadSentence(error, { asked, directory, modules });
  },
};

function ownerCheckOf(text: string | undefined): OwnerCheck | undefined {
  if (text === undefined || isOwnerCheck(text)) return text;
  throw new UsageError(ownerCheckFault(text));
}

/** Steps that have been run as a table, with further rows. */
export function stepTable(
  steps: readonly StepResult[],
  paint: Paint,
  more: readonly (readonly string[])[] = [],
): string {
  const table = textTable([...steps.map(stepRow), ...more], [2]);
  return table.replaceAll(
    /^(\S+ +)(failed|loaded|unloaded)(?= )/gm,
    (_, name: string, word: string) => name + (word === 'failed' ? paint.bad(word) : paint.good(word)),
  );
}

/** A row for a step that has been run: module, outcome, time, reason. */
function stepRow(result: StepResult): readonly string[] {
  const { module, outcome, durationMs, because, parameters, error } = result;
  const time = outcome === 'loaded' || outcome === 'unloaded' ? `${durationMs.toFixed(1)} ms` : '';
  const reason = parameters === '' ? reasonText(because) : `${reasonText(because)}, with ${parameters}`;
  if (error === null || outcome === 'kept') return [module, outcome, time, reason];
  return [module, 'failed', time, `${reason}, not required: ${error.message}`];
}

function summary(result: LoadResult, isDryRun: boolean): string {
  const { modules, steps, skipped, alreadyLoaded, durationMs } = result;
  const subject = modules.join(', ');
  if (alreadyLoaded) return `Nothing to do: ${subject} is in the kernel already.\n`;
  if (modules.length === 0)
    return skipped.map(({ module, reason }) => `Nothing to do for ${module}: ${reason}.\n`).join('');
  const planned = steps.filter(({ outcome }) => outcome === 'planned').length;
  if (isDryRun) return `Would load ${modulesText(planned)} for ${subject}.\n`;
  const loaded = steps.filter(({ outcome }) => outcome === 'loaded').length;
  return `Loaded ${subject}: ${modulesText(loaded)} in ${durationMs.toFixed(0)} ms.\n`;
}

/** A number of modules in words. */
export function modulesText(count: number): string {
  return count === 1 ? '1 module' : `${count} modules`;
}
