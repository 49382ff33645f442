import { release as runningRelease } from 'node:os';
import { resolve } from 'node:path';

import { auditFiles as audit, type FileAudit } from '../demand/file-audit.ts';
import { requireOptions } from '../errors/argument.ts';
import type { PlaceOptions } from './place-options.ts';

/** Options of {@link auditFiles}. */
export type AuditOptions = Pick<PlaceOptions, 'root' | 'release' | 'kernelRoot'>;

/**
 * Looks at who else than root could change what decides about modules: configuration, modules and indexes of a release, the
 * program that loads modules for the kernel, and every folder above them. Links are followed.
 *
 * @throws TypeError for wrong arguments
 */
export function auditFiles(options: AuditOptions = {}): FileAudit {
  requireOptions('options', options, { root: 'string', release: 'string', kernelRoot: 'string' });
  const { root = '/', kernelRoot = '/', release = runningRelease() } = options;
  return audit({ root: resolve(root), kernelRoot, release });
}
