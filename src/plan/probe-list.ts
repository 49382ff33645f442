import { moduleNameOfPath, normalizeAlias } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { isBuiltin, type LookupResult } from './lookup.ts';
import type { StepReason } from './plan.ts';
import type { SoftDependencies, SoftDependency } from './soft-dependencies.ts';

/** A place in the order of loading. */
export interface Probe {
  readonly module: string;
  /** Its file; null when the tree has none. */
  readonly path: string | null;
  readonly isBuiltin: boolean;
  readonly because: StepReason;
  readonly required: boolean;
}

/** All that loading a module tries, in order. */
export interface ProbeList {
  /** A module may be there several times. */
  readonly probes: readonly Probe[];
  /** Soft dependencies whose names the tree does not know. */
  readonly unknown: readonly SoftDependency[];
}

/**
 * The order in which kmod tries to load a module and all that belongs to it: its dependencies, deepest first, then
 * itself. Around each of these stand its soft dependencies, `pre` before and `post` after it; a soft dependency comes
 * with its own dependencies and theirs. It is expanded once, which also ends loops; dependencies are not, and so a
 * module can occur several times.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function listProbes(
  target: LookupResult,
  { tree, softDependencies }: { readonly tree: ModuleTree; readonly softDependencies: SoftDependencies },
): ProbeList {
  const probes: Probe[] = [];
  const unknown = new Set<SoftDependency>();
  const expanded = new Set<string>();

  const expand = (candidate: LookupResult, because: StepReason, required: boolean): void => {
    const { module } = candidate;
    const key = candidateKey(candidate);
    if (expanded.has(key)) return;
    expanded.add(key);
    const line = tree.dependencyLine(module);
    if (line !== undefined && line.dependencies.length > 0) {
      const reason: StepReason = { kind: 'dependency', of: module };
      for (const path of line.dependencies) {
        const name = moduleNameOfPath(path);
        surround({ module: name, path, isBuiltin: tree.isBuiltin(name), because: reason, required });
      }
    }
    const path = candidate.path ?? line?.path ?? null;
    surround({ module, path, isBuiltin: isBuiltin(tree, candidate), because, required });
  };

  const surround = (probe: Probe): void => {
    const { pre, post } = softDependencies.of(probe.module);
    expandAll(pre);
    probes.push(probe);
    expandAll(post);
  };

  const expandAll = (members: readonly SoftDependency[]): void => {
    for (const member of members) {
      if (member.modules.length === 0) unknown.add(member);
      for (const candidate of member.modules) expand(candidate, member.because, false);
    }
  };

  expand(target, { kind: 'asked' }, true);
  return { probes, unknown: [...unknown] };
}

/** For kmod a module found by an alias is another one than that found by its name. */
function candidateKey({ module, by, asked }: LookupResult): string {
  const isNamed = by === 'name' || by === 'builtin' || by === 'path';
  return isNamed ? module : `${module}\\${normalizeAlias(asked)}`;
}
