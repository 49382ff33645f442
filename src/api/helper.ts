/** The program that loads modules for the kernel. */
import {
  helperStatus as status,
  type HelperOptions,
  type HelperStatus,
  installHelper as install,
  type InstallHelperOptions,
  removeHelper as remove,
} from '../demand/helper.ts';
import { argumentTypeError, requireOptions } from '../errors/argument.ts';
import { isOwnerCheck } from '../execute/file-owner.ts';

const placeTypes = { root: 'string', kernelRoot: 'string', release: 'string' } as const;

/**
 * Who loads modules for the kernel now, who will after the next start, and what is wrong with that. Changes nothing.
 *
 * @throws TypeError for wrong arguments
 */
export function helperStatus(options: HelperOptions = {}): HelperStatus {
  requireOptions('options', options, placeTypes);
  return status(options);
}

/**
 * Makes kmodctl's modprobe, or another program, the one that the kernel starts to have modules loaded, now and at each
 * start. All or nothing.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_HELPER` where it cannot work; Error of node:fs
 */
export function installHelper(options: InstallHelperOptions = {}): HelperStatus {
  requireOptions('options', options, {
    ...placeTypes,
    path: 'string',
    autoclean: 'boolean',
    checkOwner: 'string',
    modulesConf: 'string',
  });
  const { checkOwner } = options;
  if (checkOwner !== undefined && !isOwnerCheck(checkOwner))
    throw argumentTypeError('options.checkOwner', 'one of off, warn, refuse', checkOwner);
  return install(options);
}

/**
 * Takes away what {@link installHelper} did.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_HELPER` where nothing is installed; Error of node:fs
 */
export function removeHelper(options: HelperOptions = {}): HelperStatus {
  requireOptions('options', options, placeTypes);
  return remove(options);
}
