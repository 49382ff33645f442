import { resolve } from 'node:path';

import { argumentTypeError } from '../errors/argument.ts';
import { readModprobeConfiguration } from '../config/modprobe-config-reader.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { kernelOf, type PlaceOptions } from './place-options.ts';

/** Which configuration counts, and how. */
export interface ConfigurationOptions {
  /**
   * Files and folders to read in place of the usual ones (those of modprobe.d(5), below `root`); an empty list for none.
   * The tree's own soft dependencies and the kernel's command line count all the same.
   */
  readonly config?: string | readonly string[] | undefined;
  /** A configuration that has been read already, in place of all that. */
  readonly configuration?: ModprobeConfiguration | undefined;
  /** Leave out the commands and soft dependencies of the modules named, as `modprobe -i` does. Default false. */
  readonly ignoreCommands?: boolean | undefined;
  /** kmod's answers where kmod is wrong: see docs/compatibility.md. Default false. */
  readonly compat?: boolean | undefined;
}

/** Names and types of {@link ConfigurationOptions}. */
export const configurationOptionTypes = {
  config: ['string', 'array'],
  configuration: 'object',
  ignoreCommands: 'boolean',
  compat: 'boolean',
} as const;

/**
 * The configuration that the options name.
 *
 * @throws TypeError for a list of something else than paths
 */
export function configurationOf(
  options: PlaceOptions & ConfigurationOptions,
  tree: ModuleTree,
): ModprobeConfiguration {
  const { config, configuration, compat, root } = options;
  if (configuration !== undefined) return configuration;
  return readModprobeConfiguration({
    paths: config === undefined ? undefined : pathsOf(config),
    root: root === undefined || root === '/' ? undefined : resolve(root),
    tree,
    kernel: kernelOf(options),
    compat,
  });
}

function pathsOf(config: unknown): readonly string[] {
  const paths: readonly unknown[] = Array.isArray(config) ? config : [config];
  return paths.map((path, index) => {
    if (typeof path === 'string' && path !== '') return path;
    throw argumentTypeError(`options.config[${index}]`, 'a path (a string, not empty)', path);
  });
}
