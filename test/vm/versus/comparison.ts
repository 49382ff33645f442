/** Compares what both modprobes did. */
import { isDeepStrictEqual } from 'node:util';

import { plainMessages } from '../../reference/plain-messages.ts';
import type { LineRecord, OwnOutcome, Scenario, ScenarioRecord } from './scenario.ts';

/** A line after which the two are not the same, with what is not the same. */
export interface Deviation {
  readonly line: string;
  readonly ours: object;
  readonly expected: object;
}

/** Where ours did not do what it should: what kmod did, or what the scenario's difference says. */
export function compareRecords(
  { difference, lines, ownWords }: Scenario,
  ours: ScenarioRecord,
  kmod: ScenarioRecord,
): readonly Deviation[] {
  const theirs = kmod.lines.map(plain);
  const found = lines.flatMap((line, index) =>
    deviation(line, inTheirWords(ours.lines[index], theirs[index], ownWords), theirs[index]),
  );
  if (difference === undefined) return found;
  const { byDefault } = ours;
  const own = lines.flatMap((line, index) => {
    const record = byDefault?.[index];
    const wanted = difference.ours[index];
    if (record === undefined || wanted === undefined)
      return [{ line, ours: { record }, expected: { wanted } }];
    return deviation(`${line} (${difference.because})`, outcome(record, wanted), wanted);
  });
  return [...found, ...own];
}

function deviation(
  line: string,
  ours: object | undefined,
  expected: object | undefined,
): readonly Deviation[] {
  if (ours !== undefined && expected !== undefined && isDeepStrictEqual(ours, expected)) return [];
  const [a, b] = [flatRecord(ours), flatRecord(expected)];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !isDeepStrictEqual(a[key], b[key]),
  );
  const only = (record: Record<string, unknown>): object =>
    Object.fromEntries(keys.map((key) => [key, record[key]]));
  return [{ line, ours: only(a), expected: only(b) }];
}

function flatRecord(record: object | undefined): Record<string, unknown> {
  const { state, ...rest } = (record ?? {}) as Record<string, unknown>;
  return { ...rest, ...(state as object | undefined) };
}

function inTheirWords(
  ours: LineRecord | undefined,
  theirs: LineRecord | undefined,
  ownWords: string | undefined,
): LineRecord | undefined {
  const isOwn = ownWords !== undefined && ours?.stderr.includes(ownWords) === true;
  return isOwn && theirs !== undefined ? { ...ours, stderr: theirs.stderr } : ours;
}

function plain(record: LineRecord): LineRecord {
  return { ...record, stderr: plainMessages(record.stderr) };
}

/** Those facts of a record that an expectation names. */
function outcome({ exitCode, stdout, stderr, state }: LineRecord, wanted: OwnOutcome): object {
  const all = { exitCode, stdout, stderr, loaded: Object.keys(state.parameters) };
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, all[key as keyof typeof all]]));
}
