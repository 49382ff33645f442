/** What a plan is made of. Plans are data: they can be printed, compared and stored as JSON. */
import type { KmodErrorCode } from '../errors/error-codes.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import type { CommandDirective } from '../config/modules-conf/directive.ts';
import type { LookupResult } from './lookup.ts';

/** Why a step is there. */
export type StepReason =
  /** The caller named the module, or an alias of it. */
  | { readonly kind: 'asked' }
  /** `modules.dep` names it as needed by the module `of`. */
  | { readonly kind: 'dependency'; readonly of: string }
  /** A `softdep` line wants it before (`pre`) or after (`post`) the module `of`, which works without it. */
  | {
      readonly kind: 'softdep';
      readonly of: string;
      readonly order: 'pre' | 'post';
      readonly origin: TextOrigin;
    }
  /** A `weakdep` line says that the module `of` may ask for it while it is in use. Nothing is loaded for that. */
  | { readonly kind: 'weakdep'; readonly of: string; readonly origin: TextOrigin }
  /** It uses the module `of`, which is to be unloaded. */
  | { readonly kind: 'holder'; readonly of: string }
  /** A line of a modules.conf wants it after (`above`) or before (`below`) the name `of`, which works without it. */
  | { readonly kind: 'above' | 'below'; readonly of: string; readonly origin: TextOrigin };

/** A part of a module's parameters. */
export interface OptionText {
  readonly text: string;
  /** The line of the configuration that has it; null for what the caller gave. */
  readonly origin: TextOrigin | null;
}

/**
 * The system call that a step will use: finit_module with a plain file, finit_module with a compressed file that the
 * kernel unpacks, finit_module with a file in memory that has the content unpacked here, or init_module with the
 * content, unpacked here where it is compressed.
 */
export type InsertCall = 'finit' | 'finit-compressed' | 'finit-unpacked' | 'init';

/** Loads a module. */
export interface InsertStep {
  readonly action: 'insert';
  /** The kernel's name, with underscores. */
  readonly module: string;
  readonly path: string;
  /** `name=value` words separated by spaces; empty for none. */
  readonly parameters: string;
  /** The parts of `parameters`, in order. */
  readonly options: readonly OptionText[];
  readonly call: InsertCall;
  /** A line `options -k` of a modules.conf keeps it from being marked for automatic removal. Default false. */
  readonly noAutoclean?: boolean;
  readonly because: StepReason;
  /** Whether its failure is one of the whole. Not so for soft dependencies, alternatives, and what only these need. */
  readonly required: boolean;
}

/**
 * Runs a command of the configuration, with `/bin/sh -c`, in place of loading or unloading a module; with the other
 * directives, which only a modules.conf has, before or after it.
 */
export interface CommandStep {
  readonly action: 'command';
  readonly directive: CommandDirective;
  readonly module: string;
  /** The module's file; null when the tree has none. */
  readonly path: string | null;
  /** As configured, with `$CMDLINE_OPTS` in it. */
  readonly template: string;
  /** What the shell gets. */
  readonly command: string;
  /** What the command's environment has besides this process's. */
  readonly environment: Readonly<Record<string, string>>;
  /** The module's parameters, as a load would give them; empty for `remove`. */
  readonly parameters: string;
  /** The parts of `parameters`, in order. */
  readonly options: readonly OptionText[];
  /** The line of the configuration that has the command. */
  readonly origin: TextOrigin;
  readonly because: StepReason;
  readonly required: boolean;
}

/** Nothing to do: the module is part of the kernel's image. */
export interface SkipBuiltinStep {
  readonly action: 'skip-builtin';
  readonly module: string;
  readonly because: StepReason;
  readonly required: boolean;
}

/** Nothing to do: the module is loaded. */
export interface SkipLoadedStep {
  readonly action: 'skip-loaded';
  readonly module: string;
  /** Its file in the tree; null when the tree has none. */
  readonly path: string | null;
  readonly because: StepReason;
  readonly required: boolean;
}

/** One step of a load, in the order of execution. */
export type LoadStep = InsertStep | CommandStep | SkipBuiltinStep | SkipLoadedStep;

/** Unloads a module. */
export interface DeleteStep {
  readonly action: 'delete';
  readonly module: string;
  /** Whether the kernel is told to ignore users and a missing exit function. */
  readonly force: boolean;
  readonly because: StepReason;
  /** Whether its failure is one of the whole: only for the modules asked for. */
  readonly required: boolean;
}

/** One step of an unload, in the order of execution. */
export type UnloadStep = DeleteStep | CommandStep;

/** Steps that belong together, where the end of one decides about others. */
export interface StepGroup {
  /**
   * `all`: one after the other, until one fails that has to succeed; the group fails then. `first`: alternatives, until one
   * has succeeded. `any`: each of them; one that succeeds is enough. What a failed group has loaded is unloaded again.
   */
  readonly kind: 'all' | 'first' | 'any';
  /**
   * The module that it is all about: when that is in the kernel already, or gone when it is to be unloaded, nothing of the
   * group is done. Null for several.
   */
  readonly module: string | null;
  /** Whether a group of the kind `all` around it fails with it. */
  readonly essential: boolean;
  /** Positions in the plan's steps, and further groups. */
  readonly members: readonly (number | StepGroup)[];
}

/** Something that keeps a plan from being run. */
export interface Obstacle {
  /** Module that it is about. */
  readonly module: string;
  /** File that it is about, null when it is not about a file. */
  readonly path: string | null;
  /** Code of the error that running the plan would throw. */
  readonly code: KmodErrorCode;
  /** One sentence with the remedy, if there is one. */
  readonly reason: string;
  /** Negative errno, when a file could not be read; otherwise null. */
  readonly errno: number | null;
  /** Modules that use this one, for `ERR_KMOD_IN_USE`; otherwise empty. */
  readonly holders: readonly string[];
  readonly because: StepReason;
}

/** Something that the plan leaves alone, and why. */
export interface SkippedModule {
  readonly module: string;
  readonly reason: string;
  readonly because: StepReason;
}

/** Something that a load leaves alone. */
export interface LeftModule extends SkippedModule {
  /**
   * `repeated`: it is in the plan already. `blacklisted`. `unknown`: a soft dependency whose name nothing has. `no-file`: an
   * alias leads to it, but the tree has no such module. `weakdep`: it is only there to be told of. `clash`: kmod leaves all
   * dependencies away, because the caller named another file for this one. `off`: a modules.conf has it aliased off.
   * `option`: a word of its options in a modules.conf means nothing to a module.
   */
  readonly kind: 'repeated' | 'blacklisted' | 'unknown' | 'no-file' | 'weakdep' | 'clash' | 'off' | 'option';
  /** The line of the configuration that is behind it; null where none is. */
  readonly origin: TextOrigin | null;
}

/** A module that was asked for. Several with one name are alternatives: one that works is enough. */
export interface LoadTarget {
  /** As the caller wrote it. */
  readonly asked: string;
  readonly module: string;
  /** How it was found. */
  readonly by: LookupResult['by'];
  /** The pattern or name of the alias that led to it; null where it was found by its own name. */
  readonly alias: string | null;
  /** The line of the configuration that led to it; null where none did. */
  readonly origin: TextOrigin | null;
}

/** How to bring modules into the kernel. */
export interface LoadPlan {
  readonly kind: 'load';
  /** What was asked for, in that order. */
  readonly targets: readonly LoadTarget[];
  /** Every step, those with an obstacle too. */
  readonly steps: readonly LoadStep[];
  /** How the end of a step decides about others; absent where they simply follow each other. */
  readonly course?: StepGroup;
  /** The plan can be run when this is empty. */
  readonly blocked: readonly Obstacle[];
  /** Obstacles of steps that are not required: a run notes them as failed and goes on. */
  readonly tolerated: readonly Obstacle[];
  readonly skipped: readonly LeftModule[];
}

/** How to get modules out of the kernel. */
export interface UnloadPlan {
  readonly kind: 'unload';
  readonly steps: readonly UnloadStep[];
  /** How the end of a step decides about others; absent where they simply follow each other. */
  readonly course?: StepGroup;
  /** The plan can be run when this is empty. */
  readonly blocked: readonly Obstacle[];
  readonly skipped: readonly SkippedModule[];
}

/** Whether a line of the configuration wants a module before or after another one. */
export function isByLine(
  because: StepReason,
): because is Extract<StepReason, { readonly kind: 'softdep' | 'above' | 'below' }> {
  return because.kind === 'softdep' || because.kind === 'above' || because.kind === 'below';
}

/** Words for a reason, for example `dependency of btrfs` or `softdep (pre) of btrfs`. */
export function reasonText(because: StepReason): string {
  switch (because.kind) {
    case 'asked':
      return 'asked';
    case 'dependency':
      return `dependency of ${because.of}`;
    case 'holder':
      return `holder of ${because.of}`;
    case 'weakdep':
    case 'above':
    case 'below':
      return `${because.kind} of ${because.of}`;
    default:
      return `softdep (${because.order}) of ${because.of}`;
  }
}
