import { release as runningRelease } from 'node:os';

import { requireOptions, requireString } from '../errors/argument.ts';
import { inquire, inquireSync } from '../explain/inquiry.ts';
import type { LoadQuestion } from '../explain/load-diagnosis.ts';
import { absenceOf, type ModuleAbsence } from '../explain/module-absence.ts';
import { type AccountQuestion, accountOf, type ModuleAccount } from '../explain/module-account.ts';
import { kernelQuestions } from '../native/kernel-questions.ts';
import {
  configurationOf,
  type ConfigurationOptions,
  configurationOptionTypes,
} from './configuration-options.ts';
import { rootFolder } from './diagnose.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/** Options of {@link why} and {@link whyNot}. */
export interface WhyOptions extends PlaceOptions, Omit<ConfigurationOptions, 'ignoreCommands' | 'compat'> {}

const { ignoreCommands: _, compat: __, ...readingTypes } = configurationOptionTypes;
const whyOptionTypes = { ...placeOptionTypes, ...readingTypes } as const;

/**
 * Finds out why a module is loaded, as far as anything tells, and what keeps it in the kernel: the modules that use it, mounts,
 * swap, block devices, open device files, sockets, rules and settings, each with the process where there is one and with where
 * it is seen. What the kernel counts beyond that is `unexplained`; what could not be read is in `unknown`.
 *
 * Needs no privilege, and sees more with it: open files of other users' processes, tables of the device mapper, rules for
 * packets. Changes nothing. Interfaces and rules are those of this process's network namespace.
 *
 * @param name a module's name or an alias
 * @throws as a rejection: TypeError for wrong arguments; KmodError `ERR_KMOD_NOT_FOUND` for a name that no module has, and what
 *   `lsmod` throws
 */
export async function why(name: string, options: WhyOptions = {}): Promise<ModuleAccount> {
  const question = questionOf(name, options);
  try {
    return await inquire(accountOf(question));
  } finally {
    question.tree.close();
  }
}

/** {@link why}, blocking. */
export function whySync(name: string, options: WhyOptions = {}): ModuleAccount {
  const question = questionOf(name, options);
  try {
    return inquireSync(accountOf(question));
  } finally {
    question.tree.close();
  }
}

/**
 * Finds out why a module is not loaded: what refuses its load, as `diagnose` finds it; what the configuration and the kernel's
 * settings do to requests for it; and what asks for it at all.
 *
 * @param name a module's name or an alias
 * @throws as a rejection: TypeError for wrong arguments; KmodError for a configuration that cannot be read, and what `lsmod` throws
 */
export async function whyNot(name: string, options: WhyOptions = {}): Promise<ModuleAbsence> {
  const question = absenceQuestion(name, options);
  try {
    return await inquire(absenceOf(question));
  } finally {
    question.tree.close();
  }
}

/** {@link whyNot}, blocking. */
export function whyNotSync(name: string, options: WhyOptions = {}): ModuleAbsence {
  const question = absenceQuestion(name, options);
  try {
    return inquireSync(absenceOf(question));
  } finally {
    question.tree.close();
  }
}

function questionOf(name: unknown, options: WhyOptions): AccountQuestion {
  requireOptions('options', options, whyOptionTypes);
  const asked = requireString('name', name);
  // A few look-ups need a few pages of the indexes.
  const tree = treeOf(options, { inPieces: true });
  return {
    asked,
    tree,
    configuration: configurationOf(options, tree),
    kernel: kernelOf(options),
    root: rootFolder({ root: options.configRoot ?? options.root }),
    questions: kernelQuestions,
  };
}

function absenceQuestion(name: unknown, options: WhyOptions): LoadQuestion {
  const question = questionOf(name, options);
  return {
    ...question,
    parameters: '',
    isRunning: options.kernelRoot !== undefined || question.tree.release === runningRelease(),
    isThorough: false,
  };
}
