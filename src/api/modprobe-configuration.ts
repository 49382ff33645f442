import { resolve } from 'node:path';

import { readModprobeConfiguration as readConfiguration } from '../config/modprobe-config-reader.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { argumentTypeError, requireOptions } from '../errors/argument.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/** Options of {@link readModprobeConfiguration}. `root` is put in front of the default folders of configuration too. */
export interface ModprobeConfigurationOptions extends PlaceOptions {
  /** Files and folders in place of the default folders, the strongest first. */
  readonly paths?: readonly string[] | undefined;
  /** Whether the kernel's command line takes part. Default true. */
  readonly kernelCommandLine?: boolean | undefined;
  /** Whether to read as kmod does where kmod is wrong; docs/compatibility.md lists what that is. Default false. */
  readonly compat?: boolean | undefined;
}

const optionTypes = {
  ...placeOptionTypes,
  paths: 'array',
  kernelCommandLine: 'boolean',
  compat: 'boolean',
} as const;

/**
 * The configuration of modprobe as data: modprobe.d, the tree's own soft and weak dependencies, and the kernel's command
 * line. Each record tells where it is from. Nothing in the files makes it fail: what is not understood, or cannot be
 * read, is in `problems`.
 *
 * @throws TypeError for wrong arguments
 */
export function readModprobeConfiguration(options: ModprobeConfigurationOptions = {}): ModprobeConfiguration {
  requireOptions('options', options, optionTypes);
  const { paths, root, kernelCommandLine, compat } = options;
  for (const path of paths ?? [])
    if (typeof path !== 'string') throw argumentTypeError('options.paths', 'a list of strings', path);
  return readConfiguration({
    paths,
    root: root === undefined || resolve(root) === '/' ? undefined : resolve(root),
    tree: treeOf(options),
    kernel: kernelOf(options),
    kernelCommandLine,
    compat,
  });
}
