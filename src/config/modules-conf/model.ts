import type { ConfOrigin } from './conf-origin.ts';
import type { ConfDiagnostic } from './diagnostic.ts';
import type { CommandDirective, GeneratedFileName, ListDirective } from './directive.ts';
import type { ReadingMode } from './reading-mode.ts';

/** A list that belongs to a name: `above`, `below`, `probe`, `probeall`, `alias` or `options`. */
export interface ListRecord {
  /** As written: never expanded, quotes and all. */
  readonly name: string;
  /** Of an alias only the first counts. */
  readonly words: readonly string[];
  /** The lines that it is made of, several with `add`; none for a built-in entry. */
  readonly origins: readonly ConfOrigin[];
  /** `options -k`: the module is never marked for automatic removal. */
  readonly noAutoclean: boolean;
}

/** `path[TAG]=DIRECTORY`. */
export interface PathRecord {
  readonly tag: string;
  readonly directory: string;
  /** Undefined for a built-in entry and one of MODPATH. */
  readonly origin: ConfOrigin | undefined;
}

/** `pre-install NAME COMMAND` and its like. */
export interface ConfCommandRecord {
  readonly kind: CommandDirective;
  readonly name: string;
  /** The rest of the line, verbatim. */
  readonly command: string;
  readonly origin: ConfOrigin;
}

/** `define NAME VALUE`. */
export interface DefineRecord {
  readonly name: string;
  readonly value: string;
  readonly origin: ConfOrigin;
}

/** A value, and where it was given; undefined for a default and for one of the environment. */
export interface GivenValue {
  readonly value: string;
  readonly origin: ConfOrigin | undefined;
}

/** A directive that names something, whether it had an effect or not. */
export interface ConfLine {
  readonly directive: ListDirective | CommandDirective | 'prune' | 'define' | 'include' | 'path';
  readonly name: string;
  readonly value: string;
  readonly origin: ConfOrigin;
  /** False within a condition that does not hold. */
  readonly isActive: boolean;
}

/** A condition, and how it turned out. */
export interface ConditionRecord {
  readonly expression: string;
  readonly holds: boolean;
  readonly origin: ConfOrigin;
}

/** What a modules.conf says, all names resolved. */
export interface ModulesConfiguration {
  readonly mode: ReadingMode;
  /** Kernel release that it was read for. */
  readonly release: string;
  readonly paths: readonly PathRecord[];
  /** Names that a search for modules passes over. */
  readonly prune: readonly ListRecord[];
  readonly above: readonly ListRecord[];
  readonly below: readonly ListRecord[];
  readonly aliases: readonly ListRecord[];
  readonly options: readonly ListRecord[];
  readonly probe: readonly ListRecord[];
  readonly probeall: readonly ListRecord[];
  /** In the order of the lines; of one kind and name only the first is ever run. */
  readonly commands: readonly ConfCommandRecord[];
  readonly defines: readonly DefineRecord[];
  /** Where depmod writes its files. */
  readonly generatedFiles: Readonly<Record<GeneratedFileName, GivenValue>>;
  readonly persistDirectory: GivenValue;
  /** Text in front of every insmod's file name; undefined without `insmod_opt=`. */
  readonly insmodOptions: GivenValue | undefined;
  /** `keep` lines that had an effect. */
  readonly keeps: readonly ConfOrigin[];
  /** Variables after the last line. */
  readonly environment: ReadonlyMap<string, string>;
  readonly conditions: readonly ConditionRecord[];
  readonly lines: readonly ConfLine[];
  /** Files that were read, in that order, the first one being the file itself. */
  readonly files: readonly string[];
  readonly diagnostics: readonly ConfDiagnostic[];
  /** Whether there is an error among them: modprobe then does nothing. */
  readonly hasFailed: boolean;
}
