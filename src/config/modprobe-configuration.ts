/**
 * What modprobe.d, the kernel's command line and the tree's own soft and weak dependencies say, as data. Every record
 * carries its origin: the file, and of a line that is continued the last one, which is the one that kmod names. Lists are in the order
 * in which kmod looks through them.
 *
 * Texts may hold bytes that are no UTF-8, in the form that `native/byte-text.ts` tells of.
 */
import type { SoftDependencyLine } from '../index-files/soft-dependency-file.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import type { WeakDependencyLine } from '../index-files/weak-dependency-file.ts';
import type { ConfigurationProblem } from './configuration-notice.ts';

/** `alias PATTERN MODULE`. */
export interface AliasRecord {
  /** Normalised; a glob that the asked name has to match. */
  readonly pattern: string;
  /** Name of the module with underscores. */
  readonly module: string;
  readonly origin: TextOrigin;
}

/** `blacklist MODULE`, or one name of `modprobe.blacklist=` on the kernel's command line. */
export interface BlacklistRecord {
  readonly module: string;
  readonly origin: TextOrigin;
}

/** `options MODULE TEXT`, or `MODULE.NAME=VALUE` on the kernel's command line. */
export interface OptionsRecord {
  /** Name of a module, or an alias by which one is asked for. No glob. */
  readonly module: string;
  readonly text: string;
  readonly origin: TextOrigin;
}

/** `install MODULE COMMAND` or `remove MODULE COMMAND`. */
export interface CommandRecord {
  /** Name of the module with underscores, or a glob that its name matches. */
  readonly module: string;
  /** As written, with `$CMDLINE_OPTS` in it. */
  readonly command: string;
  readonly origin: TextOrigin;
}

/** A file that is not read because a stronger folder has one of the same name. */
export interface HiddenFile {
  readonly path: string;
  /** The file that hides it. */
  readonly by: string;
}

/** All configuration of modprobe. */
export interface ModprobeConfiguration {
  readonly aliases: readonly AliasRecord[];
  readonly blacklist: readonly BlacklistRecord[];
  readonly options: readonly OptionsRecord[];
  readonly install: readonly CommandRecord[];
  readonly remove: readonly CommandRecord[];
  /** The tree's `modules.softdep` is among them, in the place that its name has among the files. */
  readonly softDependencies: readonly SoftDependencyLine[];
  /** The tree's `modules.weakdep` is among them. */
  readonly weakDependencies: readonly WeakDependencyLine[];
  /** Files that were read, in that order; `/proc/cmdline` is the last. */
  readonly files: readonly string[];
  readonly hidden: readonly HiddenFile[];
  readonly problems: readonly ConfigurationProblem[];
}
