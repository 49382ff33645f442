import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';

/** How closely a module is looked at before it is unloaded. */
export type UnloadCheck = 'all' | 'counts' | 'users' | 'holders' | 'none';

/** What to unload. */
export interface UnloadRequest {
  /** The kernel's names of the modules, with underscores. */
  readonly modules: readonly string[];
  /** The modules now loaded. */
  readonly loaded: readonly LoadedModule[];
  /** Tells built-in modules and dependencies. It need not exist: the kernel knows who uses whom. */
  readonly tree: ModuleTree;
  /** /proc and /sys of the kernel to unload from. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Soft dependencies and remove commands. Default: the soft dependencies that the tree itself tells. */
  readonly configuration?: ModprobeConfiguration | undefined;
  /** No remove commands and no soft dependencies. Default false. */
  readonly ignoreCommands?: boolean | undefined;
  /** Value of `KMODCTL_COMMAND_CHAIN` in this process's environment: the commands now running above it. */
  readonly commandChain?: string | undefined;
  /** Also unload what the modules needed and nothing needs any more. Default false. */
  readonly dependencies?: boolean | undefined;
  /**
   * Whose soft dependencies are unloaded with them, as far as nothing uses them. `asked`: those of the modules asked
   * for and of their holders, and those of these soft dependencies in turn, as kmod does. `all`: also those that the
   * unused dependencies wanted before themselves. Default `none`.
   */
  readonly softDependencies?: 'none' | 'asked' | 'all' | undefined;
  /** Also unload the modules that use those asked for, and their users in turn. Default false. */
  readonly removeHolders?: boolean | undefined;
  /** The run will wait for modules that are in use, so that these are no obstacle. Default false. */
  readonly waits?: boolean | undefined;
  /** Tell the kernel to ignore users of the modules asked for, and a missing exit function. Default false. */
  readonly force?: boolean | undefined;
  /**
   * What is looked at, each less than the one before: `all` that keeps a module in the kernel; `counts`: its use count,
   * and the way out; `users`: only a use count above 0, as kmod's modprobe does; `holders`: only users that are modules;
   * `none`: the kernel is to judge. Default `all`.
   */
  readonly check?: UnloadCheck | undefined;
  /** A module that is not loaded is an obstacle and not just skipped. Default true. */
  readonly firstTime?: boolean | undefined;
  /** kmod's own procedure with its mistakes: see docs/compatibility.md. Default false. */
  readonly compat?: boolean | undefined;
}
