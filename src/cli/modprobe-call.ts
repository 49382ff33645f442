import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { ModulesConfRules } from '../plan/modules-conf/rules.ts';
import type { CliIo } from './cli-io.ts';
import type { Messages } from './messages.ts';
import type { ModprobeArguments } from './modprobe-options.ts';

/** One call of modprobe. */
export interface ModprobeCall {
  readonly io: CliIo;
  readonly arguments: ModprobeArguments;
  readonly messages: Messages;
  readonly tree: ModuleTree;
  readonly configuration: ModprobeConfiguration;
  /** Those of a modules.conf; undefined for none. */
  readonly rules: ModulesConfRules | undefined;
  /** Whether lines like `insmod /path/of.ko` are printed for what is done. */
  readonly isShown: boolean;
}

/** Prints a line like `insmod /path/of.ko` when actions are to be shown. */
export function printAction({ io, isShown }: ModprobeCall, line: string): void {
  if (isShown) io.stdout(`${line}\n`);
}

/** Folder in place of `/` for modules: that of -d. */
export function rootOf({
  arguments: { dirname },
  io: { workingDirectory },
}: Pick<ModprobeCall, 'arguments' | 'io'>): string {
  return dirname === '' || dirname.startsWith('/') ? dirname : `${workingDirectory}/${dirname}`;
}
