import { readModprobeConfiguration as readConfiguration } from '../config/modprobe-config-reader.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { requireOptions } from '../errors/argument.ts';
import {
  type ConfigurationOptions,
  configurationOptionTypes,
  pathsOf,
  rootOf,
} from './configuration-options.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/** Options of {@link readModprobeConfiguration}. */
export interface ModprobeConfigurationOptions
  extends PlaceOptions, Pick<ConfigurationOptions, 'config' | 'configRoot' | 'compat'> {
  /** Whether the kernel's command line takes part. Default true. */
  readonly kernelCommandLine?: boolean | undefined;
}

const { config, configRoot, compat } = configurationOptionTypes;
const optionTypes = {
  ...placeOptionTypes,
  config,
  configRoot,
  compat,
  kernelCommandLine: 'boolean',
} as const;

/**
 * The configuration of modprobe as data: modprobe.d, the tree's own soft and weak dependencies, and the kernel's command
 * line. Each record tells where it is from. Nothing in the files makes it fail: what is not understood, or cannot be
 * read, is in `problems`. The result can be given to several calls as `configuration`.
 *
 * @throws TypeError for wrong arguments
 */
export function readModprobeConfiguration(options: ModprobeConfigurationOptions = {}): ModprobeConfiguration {
  requireOptions('options', options, optionTypes);
  return readConfiguration({
    paths: pathsOf(options),
    root: rootOf(options),
    tree: treeOf(options),
    kernel: kernelOf(options),
    kernelCommandLine: options.kernelCommandLine,
    compat: options.compat,
  });
}
