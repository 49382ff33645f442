import { resolve } from 'node:path';

import type { PlaceOptions } from '../api/place-options.ts';
import { nearestName } from '../errors/argument.ts';
import type { CliIo } from './cli-io.ts';
import { type ColourChoice, type Paint, paintFor } from './colour.ts';
import { failureReport } from './failure-report.ts';
import { mistakeBytes, type OptionName, parseArguments, parseOptions } from './getopt-long.ts';
import { errorDocument } from './json-output.ts';
import { type KmodctlOptionId, kmodctlOptionTexts } from './kmodctl-option-texts.ts';
import { helpText, type Manual, manualOptions, optionSpellings } from './manual.ts';

/** What a subcommand was given. */
export interface SubcommandArguments {
  readonly has: (id: KmodctlOptionId) => boolean;
  /** The last value of an option. */
  readonly value: (id: KmodctlOptionId) => string | undefined;
  /** All values of an option. */
  readonly values: (id: KmodctlOptionId) => readonly string[];
  readonly operands: readonly string[];
  readonly place: PlaceOptions;
  readonly paint: Paint;
}

/** A subcommand of kmodctl. */
export interface Subcommand {
  readonly manual: Pick<Manual, 'purpose' | 'usage' | 'about' | 'operands'>;
  /** Besides `help`, which all have. */
  readonly options: readonly KmodctlOptionId[];
  readonly run: (given: SubcommandArguments, io: CliIo) => number | Promise<number>;
  /** What kmod's tool for the same says of a failure; undefined for what it does not come to. */
  readonly kmodSentence?: (error: unknown, given: SubcommandArguments, io: CliIo) => string | undefined;
}

/** A subcommand called without what it needs, or with what it does not know. */
export class UsageError extends Error {}

/** The files and folders that --config named, from the root on. An empty one names nothing, and not the working directory. */
export function namedConfiguration({ values }: SubcommandArguments, io: CliIo): readonly string[] {
  return values('config').map((path) => (path === '' ? '' : resolve(io.workingDirectory, path)));
}

/** @throws UsageError for a value of --compat that is none */
export function requireCompat({ value }: SubcommandArguments): void {
  const compat = value('compat');
  if (compat !== undefined && compat !== 'kmod')
    throw new UsageError(`--compat knows only kmod, not '${compat}'`);
}

/** A subcommand's manual, with its options. */
export function subcommandManual(name: string, { manual, options }: Subcommand): Manual {
  const texts = [...options, 'help' as const].map((id) => kmodctlOptionTexts[id]);
  return { ...manual, name, sections: [{ title: 'Options', options: texts }] };
}

/** Reads a subcommand's arguments and runs it. */
export function runSubcommand(
  name: string,
  subcommand: Subcommand,
  argv: readonly string[],
  io: CliIo,
): number | Promise<number> {
  const manual = subcommandManual(name, subcommand);
  const ids = [...subcommand.options, 'help' as const];
  const { options, operands, mistake } = parseArguments(argv, ids.flatMap(spellingsOf), parseOptions(io.env));
  const has = (wanted: KmodctlOptionId): boolean => options.some(({ id }) => id === wanted);
  if (has('help')) {
    io.stdout(helpText(manual, `kmodctl ${name}`));
    return 0;
  }
  const values = (wanted: KmodctlOptionId): readonly string[] =>
    options.filter(({ id }) => id === wanted).map((option) => option.value);
  const value = (wanted: KmodctlOptionId): string | undefined => values(wanted).at(-1);
  const root = value('root');
  const place = {
    root: root === undefined ? undefined : resolve(io.workingDirectory, root),
    release: value('release') ?? io.release,
    kernelRoot: io.kernel.root,
  };
  const report = (error: unknown, sentence?: string): number => {
    if (has('json')) io.stdout(errorDocument(error));
    io.stderr(reportOf(error, { name, sentence, isQuiet: has('quiet') }));
    return 1;
  };
  let given: SubcommandArguments;
  try {
    if (mistake !== undefined) throw new UsageError(mistake + hint(mistake, manual));
    given = { has, value, values, operands, place, paint: paintFor(io, colourChoice(value('color'))) };
  } catch (error) {
    return report(error);
  }
  const fail = (error: unknown): number => report(error, subcommand.kmodSentence?.(error, given, io));
  try {
    const result = subcommand.run(given, io);
    return typeof result === 'number' ? result : result.catch(fail);
  } catch (error) {
    return fail(error);
  }
}

function spellingsOf(id: KmodctlOptionId): readonly OptionName<KmodctlOptionId>[] {
  return optionSpellings(kmodctlOptionTexts[id]).map(({ name, value, isOptional }) => {
    const takesValue = isOptional ? 'optional' : value !== undefined;
    return name.startsWith('--')
      ? { id, long: name.slice(2), takesValue }
      : { id, short: name.slice(1), takesValue };
  });
}

function colourChoice(text = 'auto'): ColourChoice {
  if (text === 'always' || text === 'auto' || text === 'never') return text;
  throw new UsageError(`--color takes always, auto or never, not '${text}'`);
}

function hint(mistake: string, manual: Manual): string {
  const wrong = /^unrecognized option '(--[^=]*)/.exec(mistake)?.[1];
  if (wrong === undefined) return '';
  const known = manualOptions(manual).flatMap((option) => optionSpellings(option).map(({ name }) => name));
  const nearest = nearestName(wrong, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

interface ReportedCall {
  readonly name: string;
  readonly sentence: string | undefined;
  readonly isQuiet: boolean;
}

function reportOf(error: unknown, { name, sentence, isQuiet }: ReportedCall): Uint8Array {
  if (error instanceof UsageError)
    return mistakeBytes(`kmodctl ${name}: ${error.message}\nSee kmodctl ${name} --help.\n`);
  const text = isQuiet && sentence !== undefined ? `${sentence}\n` : failureReport(error, sentence);
  return Buffer.from(`kmodctl ${name}: ${text}`);
}
