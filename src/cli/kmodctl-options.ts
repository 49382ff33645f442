import { resolve } from 'node:path';

import type { PlaceOptions } from '../api/place-options.ts';
import type { CliIo } from './cli-io.ts';
import { mistakeBytes, type OptionName, parseArguments } from './getopt-long.ts';

/** Options of kmodctl's own subcommands. */
export type KmodctlOptionId =
  | 'dry-run'
  | 'first-time'
  | 'force'
  | 'help'
  | 'json'
  | 'keep-dependencies'
  | 'no-rollback'
  | 'release'
  | 'root';

const spellings: Readonly<Record<KmodctlOptionId, OptionName<KmodctlOptionId>>> = {
  'dry-run': { long: 'dry-run', short: 'n', id: 'dry-run' },
  'first-time': { long: 'first-time', id: 'first-time' },
  force: { long: 'force', short: 'f', id: 'force' },
  help: { long: 'help', short: 'h', id: 'help' },
  json: { long: 'json', id: 'json' },
  'keep-dependencies': { long: 'keep-dependencies', id: 'keep-dependencies' },
  'no-rollback': { long: 'no-rollback', id: 'no-rollback' },
  release: { long: 'release', short: 'S', id: 'release', takesValue: true },
  root: { long: 'root', short: 'd', id: 'root', takesValue: true },
};

/** What a subcommand was given. */
export interface SubcommandArguments {
  readonly has: (id: KmodctlOptionId) => boolean;
  readonly operands: readonly string[];
  readonly place: PlaceOptions;
}

/** A subcommand of kmodctl. */
export interface Subcommand {
  readonly options: readonly KmodctlOptionId[];
  readonly help: string;
  readonly run: (given: SubcommandArguments, io: CliIo) => number;
}

/** Reads a subcommand's arguments and runs it. */
export function runSubcommand(
  name: string,
  { options, help, run }: Subcommand,
  argv: readonly string[],
  io: CliIo,
): number {
  const known = [...options, 'help' as const].map((id) => spellings[id]);
  const parsed = parseArguments(argv, known);
  const has = (wanted: KmodctlOptionId): boolean => parsed.options.some(({ id }) => id === wanted);
  if (has('help')) {
    io.stdout(help);
    return 0;
  }
  if (parsed.mistake !== undefined) {
    io.stderr(mistakeBytes(`kmodctl ${name}: ${parsed.mistake}\n${help}`));
    return 1;
  }
  const value = (wanted: KmodctlOptionId): string | undefined =>
    parsed.options.findLast(({ id }) => id === wanted)?.value;
  const root = value('root');
  const place = {
    root: root === undefined ? undefined : resolve(io.workingDirectory, root),
    release: value('release') ?? io.release,
    kernelRoot: io.kernel.root,
  };
  return run({ has, operands: parsed.operands, place }, io);
}
