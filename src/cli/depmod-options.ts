import { type OptionName, parseArguments, type ParseOptions } from './getopt-long.ts';

/** What the options of depmod mean. */
type OptionId =
  | 'all'
  | 'quick'
  | 'basedir'
  | 'moduledir'
  | 'outdir'
  | 'config'
  | 'symvers'
  | 'filesyms'
  | 'errsyms'
  | 'verbose'
  | 'show'
  | 'symbol-prefix'
  | 'warn'
  | 'version'
  | 'help'
  | 'check'
  | 'compat'
  | 'jobs'
  | 'json'
  | 'no-cache';

/** In kmod's order, which shows where a shortened name is ambiguous. */
export const depmodOptionNames: readonly OptionName<OptionId>[] = [
  { long: 'all', short: 'a', id: 'all' },
  { long: 'quick', short: 'A', id: 'quick' },
  { long: 'basedir', short: 'b', id: 'basedir', takesValue: true },
  { long: 'moduledir', short: 'm', id: 'moduledir', takesValue: true },
  { long: 'outdir', short: 'o', id: 'outdir', takesValue: true },
  { long: 'config', short: 'C', id: 'config', takesValue: true },
  { long: 'symvers', short: 'E', id: 'symvers', takesValue: true },
  { long: 'filesyms', short: 'F', id: 'filesyms', takesValue: true },
  { long: 'errsyms', short: 'e', id: 'errsyms' },
  { long: 'verbose', short: 'v', id: 'verbose' },
  { long: 'show', short: 'n', id: 'show' },
  { long: 'dry-run', id: 'show' },
  { long: 'symbol-prefix', short: 'P', id: 'symbol-prefix', takesValue: true },
  { long: 'warn', short: 'w', id: 'warn' },
  { long: 'version', short: 'V', id: 'version' },
  { long: 'help', short: 'h', id: 'help' },
  // Those that kmod's depmod does not have.
  { long: 'check', id: 'check', isExact: true },
  { long: 'compat', id: 'compat', takesValue: true, isExact: true },
  { long: 'jobs', short: 'j', id: 'jobs', takesValue: true, isExact: true },
  { long: 'json', id: 'json', isExact: true },
  { long: 'no-cache', id: 'no-cache', isExact: true },
];

/** A depmod command line, understood. */
export interface DepmodArguments {
  readonly quick: boolean;
  readonly all: boolean;
  /** Folder of -b as given. */
  readonly basedir: string | undefined;
  readonly moduledir: string | undefined;
  /** Folder of -o as given. */
  readonly outdir: string | undefined;
  /** Files and folders given with -C; undefined for none. */
  readonly config: readonly string[] | undefined;
  readonly symvers: string | undefined;
  readonly filesyms: string | undefined;
  readonly errsyms: boolean;
  readonly verbose: number;
  readonly show: boolean;
  readonly symbolPrefix: string | undefined;
  readonly warn: boolean;
  readonly check: boolean;
  readonly compat: boolean;
  readonly json: boolean;
  readonly cache: boolean;
  readonly jobs: number | undefined;
  readonly operands: readonly string[];
}

/** What a depmod command line asks for. */
export type DepmodRequest =
  | { readonly kind: 'run'; readonly arguments: DepmodArguments }
  | { readonly kind: 'help' | 'version' }
  /** In the C library's form. */
  | { readonly kind: 'mistake'; readonly text: string }
  /** In the form of a fatal message. */
  | { readonly kind: 'fatal'; readonly text: string };

/**
 * Reads the command line of depmod. What comes first decides: help, version or a mistake, as with kmod. Our own options
 * have to be written in full, so that every shortened name means what it means to kmod.
 */
export function readDepmodArguments(argv: readonly string[], how: ParseOptions = {}): DepmodRequest {
  const { options, operands, mistake } = parseArguments(argv, depmodOptionNames, how);
  for (const { id, value } of options) {
    if (id === 'help' || id === 'version') return { kind: id };
    const fault = valueFault(id, value);
    if (fault !== undefined) return { kind: 'fatal', text: fault };
  }
  if (mistake !== undefined) return { kind: 'mistake', text: mistake };
  const given = new Set(options.map(({ id }) => id));
  const values = (wanted: OptionId): readonly string[] =>
    options.filter(({ id }) => id === wanted).map(({ value }) => value);
  const last = (wanted: OptionId): string | undefined => values(wanted).at(-1);
  const jobs = last('jobs');
  return {
    kind: 'run',
    arguments: {
      quick: given.has('quick'),
      all: given.has('all'),
      basedir: last('basedir'),
      moduledir: last('moduledir'),
      outdir: last('outdir'),
      config: given.has('config') ? values('config') : undefined,
      symvers: last('symvers'),
      filesyms: last('filesyms'),
      errsyms: given.has('errsyms'),
      verbose: values('verbose').length,
      show: given.has('show'),
      symbolPrefix: last('symbol-prefix'),
      warn: given.has('warn'),
      check: given.has('check'),
      compat: given.has('compat'),
      json: given.has('json'),
      cache: !given.has('no-cache'),
      jobs: jobs === undefined ? undefined : Number(jobs),
      operands,
    },
  };
}

function valueFault(id: OptionId, value: string): string | undefined {
  if (id === 'symbol-prefix' && Buffer.byteLength(value) !== 1) return '-P only takes a single char';
  if (id === 'compat' && value !== 'kmod') return `--compat knows only kmod, not '${value}'`;
  if (id === 'jobs' && !/^[1-9]\d{0,2}$/.test(value))
    return `-j takes a number from 1 to 999, not '${value}'`;
  return undefined;
}
