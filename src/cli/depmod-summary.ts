import type { IndexCheck } from '../depmod/check.ts';
import type { DepmodNotice } from '../depmod/depmod-notice.ts';
import type { DepmodOptions, DepmodResult, IndexesMade } from '../depmod/depmod-options.ts';
import { moduleDirectories } from '../depmod/module-directories.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';

/** What `--json` prints after a run. */
export function resultSummary(result: DepmodResult, messages: readonly DepmodNotice[]): string {
  const { isPublished: published, durationMs } = result;
  return jsonText({
    ...facts(result),
    published,
    upToDate: false,
    files: filesOf(result),
    durationMs: Math.round(durationMs),
    messages,
  });
}

/** What `--json -A` prints when there was nothing to do. */
export function upToDateSummary(options: DepmodOptions, messages: readonly DepmodNotice[]): string {
  const { directory, outputDirectory } = moduleDirectories(options);
  const { release } = options;
  return jsonText({
    ...facts({ release, directory, outputDirectory, moduleCount: null, readCount: 0 }),
    published: false,
    upToDate: true,
    files: [],
    durationMs: 0,
    messages,
  });
}

/** What `--json` prints when nothing came of it. */
export function failureSummary(
  options: DepmodOptions,
  error: unknown,
  messages: readonly DepmodNotice[],
): string {
  const { directory, outputDirectory } = moduleDirectories(options);
  const { release } = options;
  const { code, message } = error as NodeJS.ErrnoException;
  return jsonText({
    ...facts({ release, directory, outputDirectory, moduleCount: null, readCount: 0 }),
    published: false,
    error: { code, message },
    messages,
  });
}

/** What `--json --check` prints. */
export function checkSummary(
  made: IndexesMade,
  { isCurrent, differing, missing, isInterrupted }: IndexCheck,
  messages: readonly DepmodNotice[],
): string {
  return jsonText({
    ...facts(made, 'depmod-check'),
    current: isCurrent,
    differing,
    missing,
    interrupted: isInterrupted,
    messages,
  });
}

/** What `--check` prints. One character stands for one byte. */
export function checkText(
  { outputDirectory }: IndexesMade,
  { isCurrent, differing, missing, isInterrupted }: IndexCheck,
): string {
  const folder = bytesOfText(outputDirectory);
  if (isCurrent) return `${folder}: the indexes fit the modules\n`;
  const lines = [
    ...missing.map((name) => `${name} is missing`),
    ...differing.map((name) => `${name} does not fit the modules`),
    ...(isInterrupted ? ['a run of depmod was stopped while it moved its files into place'] : []),
  ];
  return lines.map((line) => `${folder}: ${line}\n`).join('');
}

type Facts = Omit<IndexesMade, 'outputs' | 'moduleCount'> & { readonly moduleCount: number | null };

function facts(
  { release, directory, outputDirectory, moduleCount, readCount }: Facts,
  kind: 'depmod' | 'depmod-check' = 'depmod',
): object {
  // What was not read was known from an earlier run.
  return {
    schema: `kmodctl/${kind}/1`,
    release,
    directory,
    outputDirectory,
    modules: moduleCount,
    read: readCount,
  };
}

function filesOf({ outputs }: IndexesMade): readonly object[] {
  return outputs.map(({ name, content }) => ({ name, bytes: content.length }));
}

/** JSON with its characters as bytes. */
function jsonText(object: object): string {
  return bytesOfText(`${JSON.stringify(object, null, 2)}\n`);
}
