import type { ReadingMode } from '../config/modules-conf/reading-mode.ts';
import { isOwnerCheck, type OwnerCheck } from '../execute/file-owner.ts';
import { type GivenOption, type OptionName, parseArguments, parseOptions } from './getopt-long.ts';
import { ownerCheckFault } from './owner-option.ts';
import { quoteWord, splitWords, splitWordsAsKmod } from './option-words.ts';

/** What the options of modprobe mean. */
type OptionId =
  | 'all'
  | 'remove'
  | 'first-time'
  | 'ignore-commands'
  | 'use-blacklist'
  | 'force'
  | 'force-modversion'
  | 'force-vermagic'
  | 'show-depends'
  | 'dry-run'
  | 'config'
  | 'dirname'
  | 'set-version'
  | 'quiet'
  | 'verbose'
  | 'version'
  | 'help'
  | 'remove-holders'
  | 'wait'
  | 'resolve-alias'
  | 'show-config'
  | 'show-modversions'
  | 'show-exports'
  | 'syslog'
  | 'check-owner'
  | 'compat'
  | 'jobs'
  | 'no-rollback'
  | 'safe'
  | 'autoclean'
  | 'modules-conf'
  | 'mode'
  | 'allow-shell';

/** In kmod's order, which shows where a shortened name is ambiguous. */
export const modprobeOptionNames: readonly OptionName<OptionId>[] = [
  { long: 'all', short: 'a', id: 'all' },
  { long: 'remove', short: 'r', id: 'remove' },
  { long: 'remove-dependencies', id: 'remove-holders' },
  { long: 'remove-holders', id: 'remove-holders' },
  { long: 'wait', short: 'w', id: 'wait', takesValue: true },
  { long: 'resolve-alias', short: 'R', id: 'resolve-alias' },
  { long: 'first-time', id: 'first-time' },
  { long: 'ignore-install', short: 'i', id: 'ignore-commands' },
  { long: 'ignore-remove', id: 'ignore-commands' },
  { long: 'use-blacklist', short: 'b', id: 'use-blacklist' },
  { long: 'force', short: 'f', id: 'force' },
  { long: 'force-modversion', id: 'force-modversion' },
  { long: 'force-vermagic', id: 'force-vermagic' },
  { long: 'show-depends', short: 'D', id: 'show-depends' },
  { long: 'showconfig', short: 'c', id: 'show-config' },
  { long: 'show-config', id: 'show-config' },
  { long: 'show-modversions', id: 'show-modversions' },
  { long: 'dump-modversions', id: 'show-modversions' },
  { long: 'show-exports', id: 'show-exports' },
  { long: 'dry-run', short: 'n', id: 'dry-run' },
  { long: 'show', id: 'dry-run' },
  { long: 'config', short: 'C', id: 'config', takesValue: true },
  { long: 'dirname', short: 'd', id: 'dirname', takesValue: true },
  { long: 'set-version', short: 'S', id: 'set-version', takesValue: true },
  { long: 'syslog', short: 's', id: 'syslog' },
  { long: 'quiet', short: 'q', id: 'quiet' },
  { long: 'verbose', short: 'v', id: 'verbose' },
  { long: 'version', short: 'V', id: 'version' },
  { long: 'help', short: 'h', id: 'help' },
  // Names of kmod after 34, which takes no shorter forms away.
  { long: 'show-alias', id: 'resolve-alias', isExact: true },
  // Those that kmod's modprobe does not have.
  { long: 'check-owner', id: 'check-owner', takesValue: true, isExact: true },
  { long: 'compat', id: 'compat', takesValue: true, isExact: true },
  { long: 'jobs', short: 'j', id: 'jobs', takesValue: true, isExact: true },
  { long: 'no-rollback', id: 'no-rollback', isExact: true },
  { long: 'safe', id: 'safe', isExact: true },
  { long: 'autoclean', short: 'k', id: 'autoclean', isExact: true },
  { long: 'modules-conf', id: 'modules-conf', takesValue: 'optional', isExact: true },
  { long: 'mode', id: 'mode', takesValue: true, isExact: true },
  { long: 'allow-shell', id: 'allow-shell', isExact: true },
];

/** A modprobe command line, understood. */
export interface ModprobeArguments {
  readonly all: boolean;
  readonly remove: boolean;
  /** Of several kinds of work the first in kmod's order: show-config, show-modversions, show-exports, remove, all. */
  readonly removeHolders: boolean;
  /** How long to wait for a module that is in use, in milliseconds; undefined for not at all. */
  readonly waitMs: number | undefined;
  readonly firstTime: boolean;
  /** -i: no install or remove commands, and no soft dependencies, of the modules named. */
  readonly ignoreCommands: boolean;
  /** -b: the blacklist holds for plain names too. */
  readonly useBlacklist: boolean;
  readonly forceVermagic: boolean;
  readonly forceModversion: boolean;
  /** -f itself, which on removal means more than the two. */
  readonly force: boolean;
  readonly showDepends: boolean;
  readonly resolveAlias: boolean;
  readonly showConfig: boolean;
  readonly showModversions: boolean;
  readonly showExports: boolean;
  readonly dryRun: boolean;
  /** Files and folders given with -C. */
  readonly config: readonly string[];
  /** Folder of -d; empty when not given. */
  readonly dirname: string;
  readonly setVersion: string | undefined;
  readonly syslog: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
  /** Whether kmod's answer is wanted where kmod is wrong. */
  readonly compat: boolean;
  /** Undefined: as the caller's user suggests. */
  readonly checkOwner: OwnerCheck | undefined;
  readonly rollback: boolean;
  /** -k: mark what is loaded, so that `rmmod -a` may take it out again. */
  readonly autoclean: boolean;
  /** Whether the operand is a request by the kernel, see src/demand/kernel-request.ts. */
  readonly safe: boolean;
  /** A modules.conf to work from; empty for the usual places, undefined for none. */
  readonly modulesConf: string | undefined;
  /** How it is read. */
  readonly mode: ReadingMode | undefined;
  /** Whether commands in its values are run. */
  readonly allowShell: boolean;
  /** How many independent modules may be loaded at once. */
  readonly jobs: number;
  readonly operands: readonly string[];
  /** What commands of the configuration get in their environment, for a modprobe that they run. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The environment that options are read from. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What a modprobe command line asks for. */
export type ModprobeRequest =
  | { readonly kind: 'run'; readonly arguments: ModprobeArguments }
  | { readonly kind: 'help' | 'version' }
  /** In the C library's form. */
  | { readonly kind: 'mistake'; readonly text: string }
  /** In the form of an error message. */
  | { readonly kind: 'error'; readonly text: string };

/**
 * Reads the command line of modprobe, and MODPROBE_OPTIONS before it. The first of help, version and a mistake decides,
 * as with kmod.
 */
export function readModprobeArguments(argv: readonly string[], env: Environment = {}): ModprobeRequest {
  const words = optionWords(argv, env);
  const { options, operands, mistake } = parseArguments(
    [...words, ...argv],
    modprobeOptionNames,
    parseOptions(env),
  );
  for (const { id, value } of options) {
    if (id === 'help' || id === 'version') return { kind: id };
    const fault = valueFault(id, value);
    if (fault !== undefined) return { kind: 'error', text: fault };
  }
  if (mistake !== undefined) return { kind: 'mistake', text: mistake };
  const given = new Set(options.map(({ id }) => id));
  const values = (wanted: OptionId): readonly string[] =>
    options.filter(({ id }) => id === wanted).map(({ value }) => value);
  const last = (wanted: OptionId): string | undefined => values(wanted).at(-1);
  const wait = last('wait');
  return {
    kind: 'run',
    arguments: {
      all: given.has('all'),
      // kmod 34 takes --remove-holders alone for a load; later ones take it for a removal.
      remove: given.has('remove') || (given.has('remove-holders') && !given.has('compat')),
      removeHolders: given.has('remove-holders'),
      waitMs: wait === undefined ? undefined : unsignedNumber(wait),
      firstTime: given.has('first-time'),
      ignoreCommands: given.has('ignore-commands'),
      useBlacklist: given.has('use-blacklist'),
      forceVermagic: given.has('force') || given.has('force-vermagic'),
      forceModversion: given.has('force') || given.has('force-modversion'),
      force: given.has('force'),
      showDepends: given.has('show-depends'),
      resolveAlias: given.has('resolve-alias'),
      showConfig: given.has('show-config'),
      showModversions: given.has('show-modversions'),
      showExports: given.has('show-exports'),
      dryRun: given.has('dry-run') || given.has('show-depends') || given.has('resolve-alias'),
      config: values('config'),
      dirname: last('dirname') ?? '',
      setVersion: last('set-version'),
      syslog: given.has('syslog'),
      quiet: given.has('quiet'),
      verbose: values('verbose').length,
      compat: given.has('compat'),
      checkOwner: last('check-owner') as OwnerCheck | undefined,
      rollback: !given.has('no-rollback'),
      autoclean: given.has('autoclean'),
      safe: given.has('safe') && !given.has('compat'),
      modulesConf: last('modules-conf'),
      mode: last('mode') as ReadingMode | undefined,
      allowShell: given.has('allow-shell'),
      jobs: Number(last('jobs') ?? 1),
      operands,
      environment: nestedEnvironment(options, words, env),
    },
  };
}

function optionWords(argv: readonly string[], env: Environment): readonly string[] {
  const text = env['MODPROBE_OPTIONS'];
  if (text === undefined) return [];
  const isCompat = parseArguments(argv, modprobeOptionNames, parseOptions(env)).options.some(
    ({ id }) => id === 'compat',
  );
  return isCompat ? splitWordsAsKmod(text) : splitWords(text);
}

/** The options that a nested modprobe takes over. */
function nestedEnvironment(
  options: readonly GivenOption<OptionId>[],
  words: readonly string[],
  env: Environment,
): Readonly<Record<string, string>> {
  // Those of the variable itself are in it already; kmod puts them there once more at each level.
  const isCompat = options.some(({ id }) => id === 'compat');
  const inherited =
    words.length === 0 || isCompat
      ? 0
      : parseArguments(words, modprobeOptionNames, parseOptions(env)).options.length;
  const own = options.slice(inherited).flatMap(({ id, value }) => {
    if (id === 'config') return ['-C', isCompat ? value : quoteWord(value)];
    return nestedLetters[id] ?? [];
  });
  if (own.length === 0) return {};
  const before = env['MODPROBE_OPTIONS'];
  return { MODPROBE_OPTIONS: [...(before === undefined ? [] : [before]), ...own].join(' ') };
}

const nestedLetters: Readonly<Partial<Record<OptionId, string>>> = {
  syslog: '-s',
  quiet: '-q',
  verbose: '-v',
};

function valueFault(id: OptionId, value: string): string | undefined {
  if (id === 'wait' && unsignedNumber(value) === undefined) return `unexpected wait value '${value}'.`;
  if (id === 'compat' && value !== 'kmod') return `--compat knows only kmod, not '${value}'`;
  if (id === 'mode' && value !== '2.4' && value !== 'fixed')
    return `--mode takes fixed or 2.4, not '${value}'`;
  if (id === 'check-owner' && !isOwnerCheck(value)) return ownerCheckFault(value);
  if (id === 'jobs' && !/^[1-9]\d{0,2}$/.test(value))
    return `-j takes a number from 1 to 999, not '${value}'`;
  return undefined;
}

const LARGEST = 0xffff_ffff_ffff_ffffn;

/**
 * A number as strtoul reads it: decimal, octal with a leading 0, hexadecimal with 0x, binary with 0b. One with a minus is
 * counted down from 2 to the 64th, and one that is too large is the largest of 64 bits.
 */
function unsignedNumber(text: string): number | undefined {
  const [, sign, word = ''] =
    /^[ \t\n\v\f\r]*([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/.exec(text) ?? [];
  if (word === '') return undefined;
  const number = BigInt(/^0[0-7]/.test(word) ? `0o${word.slice(1)}` : word);
  if (number > LARGEST) return Number(LARGEST);
  return Number(sign === '-' ? BigInt.asUintN(64, -number) : number);
}
