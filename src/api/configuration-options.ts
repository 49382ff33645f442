import { resolve } from 'node:path';

import { treeConfiguration } from '../config/configuration-index.ts';
import { readModprobeConfiguration } from '../config/modprobe-config-reader.ts';
import type { ModulesConfiguration } from '../config/modules-conf/model.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModulesConfRules } from '../plan/modules-conf/rules.ts';
import { argumentTypeError } from '../errors/argument.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { modulesConfRules } from './modules-conf-option.ts';
import { kernelOf, type PlaceOptions } from './place-options.ts';

/** Which configuration counts, and how. */
export interface ConfigurationOptions {
  /**
   * Files and folders to read in place of the usual ones (those of modprobe.d(5), below `configRoot`); an empty list for
   * none. The tree's own soft dependencies and the kernel's command line count all the same.
   */
  readonly config?: string | readonly string[] | undefined;
  /** A configuration that has been read already, in place of all that; false for what the tree itself says alone. */
  readonly configuration?: ModprobeConfiguration | false | undefined;
  /**
   * A modules.conf of Linux 2.0 to 2.4 to work from, see docs/modules-conf.md: its path, what `readModulesConf` gave, or true
   * for the usual places. What it says of a name goes before all that modprobe.d says. Default: none.
   */
  readonly modulesConf?: string | boolean | ModulesConfiguration | undefined;
  /** Folder in place of `/` for the folders of modprobe.d(5). Default: `root`; `modprobe -d` does not move them. */
  readonly configRoot?: string | undefined;
  /** Leave out the commands and soft dependencies of the modules named, as `modprobe -i` does. Default false. */
  readonly ignoreCommands?: boolean | undefined;
  /** kmod's answers where kmod is wrong: see docs/compatibility.md. Default false. */
  readonly compat?: boolean | undefined;
}

/** Names and types of {@link ConfigurationOptions}. */
export const configurationOptionTypes = {
  config: ['string', 'array'],
  configuration: ['object', 'boolean'],
  modulesConf: ['string', 'boolean', 'object'],
  configRoot: 'string',
  ignoreCommands: 'boolean',
  compat: 'boolean',
} as const;

/**
 * The configuration that the options name.
 *
 * @throws TypeError for a list of something else than paths, and for options that exclude each other
 */
export function configurationOf(
  options: PlaceOptions & ConfigurationOptions,
  tree: ModuleTree,
): ModprobeConfiguration {
  const { config, configuration, compat } = options;
  if (configuration !== undefined && (config !== undefined || options.configRoot !== undefined))
    throw new TypeError('The option "configuration" does not go with "config" and "configRoot"');
  if (configuration === false) return treeConfiguration(tree);
  if (configuration !== undefined) return requireConfiguration(configuration);
  return readModprobeConfiguration({
    paths: pathsOf(options),
    root: rootOf(options),
    tree,
    kernel: kernelOf(options),
    compat,
  });
}

/**
 * The rules of the modules.conf that the options name; undefined for none.
 *
 * @param autoclean whether its condition `-k` holds
 * @throws TypeError; KmodError `ERR_KMOD_MODULES_CONF`
 */
export function rulesOf(
  options: PlaceOptions & ConfigurationOptions,
  { release }: ModuleTree,
  autoclean = false,
): ModulesConfRules | undefined {
  return modulesConfRules(options.modulesConf, { release, root: rootOf(options), autoclean });
}

/** The files and folders of `config`; undefined for the usual ones. */
export function pathsOf({ config }: ConfigurationOptions): readonly string[] | undefined {
  if (config === undefined) return undefined;
  const paths: readonly unknown[] = Array.isArray(config) ? config : [config];
  return paths.map((path, index) => {
    if (typeof path === 'string' && path !== '') return path;
    throw argumentTypeError(`options.config[${index}]`, 'a path (a string, not empty)', path);
  });
}

/** The folder of `configRoot`; undefined for the real one. */
export function rootOf({ root, configRoot = root }: PlaceOptions & ConfigurationOptions): string | undefined {
  return configRoot === undefined || resolve(configRoot) === '/' ? undefined : resolve(configRoot);
}

function requireConfiguration(configuration: ModprobeConfiguration | true): ModprobeConfiguration {
  if (typeof configuration === 'object' && Array.isArray(configuration.aliases)) return configuration;
  throw argumentTypeError('options.configuration', 'false, or what was read before', configuration);
}
