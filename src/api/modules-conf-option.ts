import { resolve } from 'node:path';

import { diagnosticText } from '../config/modules-conf/diagnostic.ts';
import type { ModulesConfiguration } from '../config/modules-conf/model.ts';
import { type ModulesConfOptions, readModulesConf } from '../config/modules-conf/read-modules-conf.ts';
import { argumentTypeError } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { ModulesConfRules } from '../plan/modules-conf/rules.ts';

/**
 * The rules of the modules.conf that an option names; undefined for none.
 *
 * @throws TypeError for something else than a path, a boolean or a configuration; KmodError `ERR_KMOD_MODULES_CONF` for
 *   one with errors
 */
export function modulesConfRules(
  choice: unknown,
  options: Pick<ModulesConfOptions, 'release' | 'root' | 'autoclean'>,
): ModulesConfRules | undefined {
  if (choice === undefined || choice === false) return undefined;
  const model = chosenModel(choice, options);
  requireSound(model);
  return new ModulesConfRules(model);
}

/**
 * Reads the modules.conf of a name. Only the usual places are below the root.
 *
 * @param file undefined for the usual places
 */
export function modulesConfAt(file: string | undefined, options: ModulesConfOptions): ModulesConfiguration {
  if (file === undefined) return readModulesConf(options);
  const path = resolve(options.workingDirectory ?? '', file);
  return readModulesConf({ ...options, file: path, root: undefined });
}

/** @throws KmodError `ERR_KMOD_MODULES_CONF` that names every error, with its line, column and remedy */
function requireSound({
  hasFailed,
  diagnostics,
  files: [path = 'modules.conf'],
}: ModulesConfiguration): void {
  if (!hasFailed) return;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const text = `Nothing is done, because the modules.conf has errors:\n${errors.map(diagnosticText).join('')}`;
  throw new KmodError('ERR_KMOD_MODULES_CONF', text.trimEnd(), { path });
}

function chosenModel(
  choice: unknown,
  options: Pick<ModulesConfOptions, 'release' | 'root' | 'autoclean'>,
): ModulesConfiguration {
  if (choice === true) return modulesConfAt(undefined, options);
  if (typeof choice === 'string' && choice !== '') return modulesConfAt(choice, options);
  if (typeof choice === 'object' && choice !== null && 'probeall' in choice)
    return choice as ModulesConfiguration;
  throw argumentTypeError('options.modulesConf', 'a path, true, or what readModulesConf() gave', choice);
}
