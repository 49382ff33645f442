import { type OptionName, parseArguments } from './getopt-long.ts';

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
  | UnsupportedId;

type UnsupportedId =
  | 'remove-holders'
  | 'wait'
  | 'resolve-alias'
  | 'show-config'
  | 'show-modversions'
  | 'show-exports'
  | 'syslog';

const unsupported: ReadonlySet<string> = new Set<UnsupportedId>([
  'remove-holders',
  'wait',
  'resolve-alias',
  'show-config',
  'show-modversions',
  'show-exports',
  'syslog',
]);

/** In kmod's order, which shows where a shortened name is ambiguous. */
const names: readonly OptionName<OptionId>[] = [
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
];

/** A modprobe command line, understood. */
export interface ModprobeArguments {
  readonly all: boolean;
  readonly remove: boolean;
  readonly firstTime: boolean;
  readonly forceVermagic: boolean;
  readonly forceModversion: boolean;
  /** -f itself, which on removal means more than the two. */
  readonly force: boolean;
  readonly showDepends: boolean;
  readonly dryRun: boolean;
  /** Files and folders given with -C. */
  readonly config: readonly string[];
  /** Folder of -d; empty when not given. */
  readonly dirname: string;
  readonly setVersion: string | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
  readonly operands: readonly string[];
}

/** What a modprobe command line asks for. */
export type ModprobeRequest =
  | { readonly kind: 'run'; readonly arguments: ModprobeArguments }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'mistake'; readonly text: string }
  /** An option of kmod's modprobe that this one does not have. */
  | { readonly kind: 'unsupported'; readonly option: string };

/** Reads the command line of modprobe. The first of help, version and a mistake decides, as with kmod. */
export function readModprobeArguments(argv: readonly string[]): ModprobeRequest {
  const { options, operands, mistake } = parseArguments(argv, names);
  for (const { id } of options) {
    if (id === 'help' || id === 'version') return { kind: id };
    if (unsupported.has(id)) return { kind: 'unsupported', option: `--${id}` };
  }
  if (mistake !== undefined) return { kind: 'mistake', text: mistake };
  const given = new Set(options.map(({ id }) => id));
  const values = (wanted: OptionId): readonly string[] =>
    options.filter(({ id }) => id === wanted).map(({ value }) => value);
  return {
    kind: 'run',
    arguments: {
      all: given.has('all'),
      remove: given.has('remove'),
      firstTime: given.has('first-time'),
      forceVermagic: given.has('force') || given.has('force-vermagic'),
      forceModversion: given.has('force') || given.has('force-modversion'),
      force: given.has('force'),
      showDepends: given.has('show-depends'),
      dryRun: given.has('dry-run') || given.has('show-depends'),
      config: values('config'),
      dirname: values('dirname').at(-1) ?? '',
      setVersion: values('set-version').at(-1),
      quiet: given.has('quiet'),
      verbose: values('verbose').length,
      operands,
    },
  };
}
