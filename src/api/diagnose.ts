import { release as runningRelease } from 'node:os';
import { resolve } from 'node:path';

import { requireOptions, requireString } from '../errors/argument.ts';
import type { Diagnosis } from '../explain/diagnosis.ts';
import { inquire, inquireSync } from '../explain/inquiry.ts';
import { diagnoseLoad, type LoadQuestion } from '../explain/load-diagnosis.ts';
import type { ModuleCalls } from '../native/module-calls.ts';
import { moduleCalls } from '../native/real-calls.ts';
import { type ModuleParameters, parameterText } from '../plan/module-parameters.ts';
import {
  configurationOf,
  type ConfigurationOptions,
  configurationOptionTypes,
} from './configuration-options.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/** Options of {@link diagnose}. */
export interface DiagnoseOptions
  extends PlaceOptions, Omit<ConfigurationOptions, 'ignoreCommands' | 'compat'> {
  /** Parameters that the module is to get. Default none. */
  readonly parameters?: ModuleParameters | undefined;
  /**
   * Read all that can be read (the kernel's image, its headers, its other modules) also for a module of the kernel's own
   * build, of which otherwise a sample is compared. For other modules that is always done. Default false.
   */
  readonly thorough?: boolean | undefined;
  /**
   * Whether the kernel that runs is the one that is meant, so that its state counts. Default: whether `release` is left out or
   * is that of the running kernel.
   */
  readonly running?: boolean | undefined;
  /** What makes the one system call, which has no effect. Default: the real one. */
  readonly syscalls?: ModuleCalls | undefined;
}

const { ignoreCommands: _, compat: __, ...readingTypes } = configurationOptionTypes;
const diagnoseOptionTypes = {
  ...placeOptionTypes,
  ...readingTypes,
  parameters: ['string', 'object'],
  thorough: 'boolean',
  running: 'boolean',
  syscalls: 'object',
} as const;

/**
 * Finds out what speaks against loading a module, without loading anything: the file, its versions, symbols, parameters and
 * signature against the kernel's; the configuration; the kernel's state and the caller's permission. What is found has its
 * evidence and its source; what cannot be known is said to be unknown.
 *
 * Needs no privilege. Files are read and unpacked off the main thread, and long work lets the event loop go on. The permission is
 * asked of the kernel with a call that has no effect: init_module(2) with an image of one byte.
 *
 * @param name a module's name, an alias, or a file (beginning with `/` or `./`), which is taken as insmod(8) would
 * @throws TypeError for wrong arguments; KmodError for a configuration that cannot be read. What is wrong with a module is no
 *   error but the answer
 */
export async function diagnose(name: string, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  return await inquire(diagnoseLoad(questionOf(name, options)));
}

/** {@link diagnose}, blocking. */
export function diagnoseSync(name: string, options: DiagnoseOptions = {}): Diagnosis {
  return inquireSync(diagnoseLoad(questionOf(name, options)));
}

function questionOf(name: unknown, options: DiagnoseOptions): LoadQuestion {
  requireOptions('options', options, diagnoseOptionTypes);
  const asked = requireString('name', name);
  const tree = treeOf(options);
  const { syscalls = moduleCalls } = options;
  return {
    asked,
    parameters: parameterText(options.parameters ?? ''),
    tree,
    configuration: configurationOf(options, tree),
    kernel: kernelOf(options),
    root: rootFolder(options),
    isRunning: options.running ?? tree.release === runningRelease(),
    isThorough: options.thorough ?? false,
    probe: () => permissionProbe(syscalls),
  };
}

/** Folder in place of `/`; empty for the real one. */
export function rootFolder({ root }: PlaceOptions): string {
  const folder = root === undefined ? '' : resolve(root);
  return folder === '/' ? '' : folder;
}

/** No image is that short: the kernel answers ENOEXEC, and EPERM before it looks at anything. */
function permissionProbe(calls: ModuleCalls): string | undefined {
  try {
    calls.initModuleSync(Buffer.alloc(1), '', { module: '' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  }
  return undefined;
}
