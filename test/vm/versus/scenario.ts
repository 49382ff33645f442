/** What both modprobes are to do, as data. */

/** One line of a scenario; see {@link parseLine} for what it can be. */
export type Line = string;

/** What a command line does where ours is not to do what kmod does. What is left out is not looked at. */
export interface OwnOutcome {
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Loaded modules that were not there at the start, the newest first. */
  readonly loaded?: readonly string[];
}

/** A difference of docs/compatibility.md: with `--compat=kmod` ours does what kmod does, and without it this. */
export interface Difference {
  /** Why, in a sentence. */
  readonly because: string;
  /** For each line of the scenario. */
  readonly ours: readonly OwnOutcome[];
}

export interface Scenario {
  readonly title: string;
  /** Files to be written before, by path, or the kernel's only (`6.1`, `6.12`). They are removed afterwards. */
  readonly files?: Readonly<Record<string, string>>;
  /** What /proc/cmdline says. */
  readonly kernelCommandLine?: string;
  /** The command lines under test, one after the other. */
  readonly lines: readonly Line[];
  /** Whether ours is to be run as a process of its own, as any program is. Default: in the process of the guest's runner, which is faster. */
  readonly process?: boolean;
  readonly difference?: Difference;
  /** Messages that docs/compatibility.md calls ours in both modes. Where ours has one, kmod's words do not count. */
  readonly ownWords?: string;
}

/** A theme: scenarios that are run in one go. */
export interface Theme {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

/** A line, understood. */
export type Action =
  | {
      readonly kind: 'tool';
      readonly environment: Readonly<Record<string, string>>;
      readonly tool: string;
      readonly words: readonly string[];
    }
  | { readonly kind: 'shell'; readonly script: string }
  | { readonly kind: 'write'; readonly path: string; readonly text: string };

/**
 * Understands a line. `sh: SCRIPT` is for the shell; `write PATH TEXT` writes a file, of /sys for instance; all else is
 * `[NAME=VALUE ...] TOOL WORD...` as a shell would split it, where single quotes are the only quotes.
 */
export function parseLine(line: Line): Action {
  if (line.startsWith('sh: ')) return { kind: 'shell', script: line.slice(4) };
  const words = (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ''));
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const [tool = '', ...rest] = words.slice(first);
  if (tool === 'write') return { kind: 'write', path: rest[0] ?? '', text: rest.slice(1).join(' ') };
  const environment = Object.fromEntries(
    words
      .slice(0, first)
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  return { kind: 'tool', environment, tool, words: rest };
}

/** What a line did. */
export interface LineRecord {
  readonly line: Line;
  /** Null when a signal ended it, or when it took too long. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly state: KernelState;
}

/** What the kernel shows of its modules. */
export interface KernelState {
  /** Lines of /proc/modules without sizes and addresses: name, use count, users, state, taints; the newest first. */
  readonly modules: readonly string[];
  /** Of each module that was not there at the start: its parameters as /sys/module shows them. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of each module that was not there at the start: the modules that use it, sorted. */
  readonly holders: Readonly<Record<string, readonly string[]>>;
}

/** What a scenario did. */
export interface ScenarioRecord {
  readonly lines: readonly LineRecord[];
  /** The same without `--compat=kmod`, for a scenario with a difference, on our side only. */
  readonly byDefault: readonly LineRecord[] | null;
}
