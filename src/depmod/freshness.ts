import { readFileSync, statSync } from 'node:fs';

import { readDepmodConfig } from '../config/depmod-config.ts';
import { systemErrorText } from '../config/configuration-files.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import type { DepmodReport } from './depmod-notice.ts';
import type { DepmodOptions } from './depmod-options.ts';
import { collectCandidates } from './module-candidates.ts';
import { moduleDirectories } from './module-directories.ts';
import { walkModuleTree } from './module-tree-walk.ts';
import { finishPublication } from './publish.ts';
import { orderModules } from './module-order.ts';

/** Lists of the kernel's build that the indexes depend on too. */
const inputs = ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'];
const indexes = [
  'modules.dep',
  'modules.dep.bin',
  'modules.alias',
  'modules.alias.bin',
  'modules.softdep',
  'modules.weakdep',
  'modules.symbols',
  'modules.symbols.bin',
  'modules.builtin.bin',
  'modules.builtin.alias.bin',
  'modules.devname',
];

/**
 * Whether the indexes are up to date, as far as names and dates tell; no module is read.
 *
 * They are when all are there, `modules.dep` lists just the files that would be chosen now, in the order of now, and
 * nothing has changed since it was written: neither the content nor the place of any module or list of the kernel. So a
 * module that was removed, or replaced by an older one, or one that configuration prefers now, counts as a change.
 *
 * With `compat` it is kmod's rule: no module below the folder has a later date of modification, in seconds, than the
 * `modules.dep` beside it has, wherever the indexes are to go.
 */
export function isUpToDate(options: DepmodOptions): boolean {
  const { compat = false, report = () => undefined } = options;
  const { directory, outputDirectory } = moduleDirectories(options);
  const place = compat ? directory : outputDirectory;
  if (!isThere(directory, `could not open directory ${directory}`, report)) return false;
  if (!isThere(`${place}/modules.dep`, `could not fstatat(${place}, modules.dep)`, report)) return false;
  return compat ? hasNoLaterDate(directory) : hasNothingChanged(options);
}

function isThere(path: string, complaint: string, report: DepmodReport): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    report({ priority: 'error', text: `${complaint}: ${systemErrorText(error)}` });
    return false;
  }
}

function hasNothingChanged(options: DepmodOptions): boolean {
  const { release, configPaths, workingDirectory } = options;
  const { directory, outputDirectory } = moduleDirectories(options);
  finishPublication(outputDirectory);
  const written = timeOf(`${outputDirectory}/modules.dep`);
  if (written === undefined) return false;
  if (indexes.some((name) => timeOf(`${outputDirectory}/${name}`) === undefined)) return false;
  const isNewer = (path: string): boolean => (timeOf(path)?.changed ?? 0n) >= written.modified;
  if (inputs.some((name) => isNewer(`${directory}/${name}`))) return false;
  try {
    const config = readDepmodConfig({ release, paths: configPaths, workingDirectory });
    const { candidates, unreadable } = collectCandidates({
      directory,
      config,
      compat: false,
      report: ignore,
    });
    const modules = orderModules(candidates, { directory, compat: false, report: ignore });
    return (
      unreadable.length === 0 &&
      !modules.some(({ path }) => isNewer(path)) &&
      modules.map(({ indexPath }) => `${bytesOfText(indexPath)}\n`).join('') ===
        listedModules(`${outputDirectory}/modules.dep`)
    );
  } catch {
    return false;
  }
}

function ignore(): void {
  // The run that follows has the same to say.
}

function seconds(path: string): number {
  return Math.floor(statSync(path).mtimeMs / 1000);
}

function listedModules(path: string): string {
  return readFileSync(path, 'latin1').replaceAll(/:.*$/gm, '');
}

function hasNoLaterDate(directory: string): boolean {
  const written = seconds(`${directory}/modules.dep`);
  let isNewer = false;
  walkModuleTree(directory, {
    excluded: new Set(['build', 'source']),
    isRaw: true,
    onFile: (path) => {
      isNewer ||= seconds(path) > written;
    },
    onTrouble: ignore,
  });
  return !isNewer;
}

interface FileTimes {
  /** Nanoseconds. */
  readonly modified: bigint;
  /** Also when the file was put into its place. */
  readonly changed: bigint;
}

function timeOf(path: string): FileTimes | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && { modified: stats.mtimeNs, changed: stats.ctimeNs };
}
