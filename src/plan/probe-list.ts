import { existsSync } from 'node:fs';

import type { ConfigurationIndex } from '../config/configuration-index.ts';
import type { CommandRecord } from '../config/modprobe-configuration.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { filePath } from '../native/byte-text.ts';
import { isBuiltin, type LookupResult } from './lookup.ts';
import type { StepReason } from './plan.ts';
import type { SoftDependencies, SoftDependency } from './soft-dependencies.ts';

/** A place in the order of loading. */
export interface Probe {
  readonly module: string;
  /** The alias that it was found by, which options may be for; null where it was found by its name. */
  readonly alias: string | null;
  /** Its file; null when the tree has none. */
  readonly path: string | null;
  readonly isBuiltin: boolean;
  /** Whether it is what was asked for, and not the same module once more as something that this one wants. */
  readonly isTarget: boolean;
  /** What is run in place of loading it; undefined when it is loaded. */
  readonly command: CommandRecord | undefined;
  readonly because: StepReason;
  readonly required: boolean;
}

/** All that loading a module tries, in order. */
export interface ProbeList {
  /** A module may be there several times. */
  readonly probes: readonly Probe[];
  /** Soft dependencies whose names nothing has, as often as they were met. */
  readonly unknown: readonly SoftDependency[];
  /** Only with `compat`: files of dependencies that kmod gives up at. */
  readonly clashes: readonly PathClash[];
}

/** A module with two files. */
export interface PathClash {
  readonly module: string;
  /** The module whose dependencies are given up. */
  readonly of: string;
  /** The file of the tree. */
  readonly path: string;
  /** The file that the caller named. */
  readonly named: string;
}

/** What a list is made from. */
export interface ProbeSource {
  readonly tree: ModuleTree;
  readonly index: ConfigurationIndex;
  readonly softDependencies: SoftDependencies;
  /** Of the target neither install command nor soft dependencies count. */
  readonly ignoreCommands: boolean;
  /** Files that the caller named, by module: they stand for it wherever it is needed. */
  readonly files: ReadonlyMap<string, string>;
  /**
   * As kmod: a module with soft dependencies is loaded and not given to its install command, and one of whose
   * dependencies a file is missing, or is not the one that the caller named, is loaded without any of them.
   */
  readonly compat: boolean;
  /** Whether the target has to be loaded. */
  readonly isRequired: boolean;
}

/**
 * The order in which kmod tries to load a module and all that belongs to it: its dependencies, deepest first, then
 * itself. Around each of these stand its soft dependencies, `pre` before and `post` after it; a soft dependency comes
 * with its own dependencies and theirs. It is expanded once, which also ends loops; dependencies are not, and so a
 * module can occur several times.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function listProbes(target: LookupResult, source: ProbeSource): ProbeList {
  const list = new ProbeLister(source, target);
  list.expand(target, { kind: 'asked' }, source.isRequired);
  const { probes, unknown, clashes } = list;
  return { probes, unknown, clashes };
}

class ProbeLister {
  readonly probes: Probe[] = [];
  readonly unknown: SoftDependency[] = [];
  readonly clashes: PathClash[] = [];
  readonly #expanded = new Set<string>();
  readonly #source: ProbeSource;
  readonly #target: LookupResult;

  constructor(source: ProbeSource, target: LookupResult) {
    this.#source = source;
    this.#target = target;
  }

  expand(candidate: LookupResult, because: StepReason, required: boolean): void {
    const { module, alias } = candidate;
    // For kmod a module found by an alias is another one than that found by its name.
    const key = alias === null ? module : `${module}\\${alias}`;
    if (this.#expanded.has(key)) return;
    this.#expanded.add(key);
    const { tree, files } = this.#source;
    const line = tree.dependencyLine(module);
    const ofDependency: StepReason = { kind: 'dependency', of: module };
    for (const { name, path } of this.#dependencies(module, line?.dependencies ?? [])) {
      const facts = { module: name, alias: null, path, isBuiltin: tree.isBuiltin(name), isTarget: false };
      this.#surround({ ...facts, command: undefined, because: ofDependency, required });
    }
    const isTarget = because.kind === 'asked';
    const probe: Probe = {
      module,
      alias,
      path: candidate.path ?? files.get(module) ?? line?.path ?? null,
      isBuiltin: isBuiltin(tree, candidate),
      isTarget,
      command: candidate.command ?? undefined,
      because,
      required,
    };
    if (isTarget && this.#source.ignoreCommands) this.probes.push({ ...probe, command: undefined });
    else this.#surround(probe);
  }

  #dependencies(
    of: string,
    paths: readonly string[],
  ): readonly { readonly name: string; readonly path: string }[] {
    const { compat, files } = this.#source;
    const dependencies = paths.map((path) => ({ name: moduleNameOfPath(path), path }));
    if (!compat)
      return files.size === 0
        ? dependencies
        : dependencies.map(({ name, path }) => ({ name, path: files.get(name) ?? path }));
    // kmod goes through the line of modules.dep, whose end is the beginning here, and stops where a file will not do.
    for (const { name, path } of dependencies.toReversed()) {
      if (!existsSync(filePath(path))) return [];
      const named = files.get(name);
      if (named !== undefined && named !== path) {
        this.clashes.push({ module: name, of, path, named });
        return [];
      }
    }
    return dependencies;
  }

  #surround(probe: Probe): void {
    const { index, softDependencies, compat } = this.#source;
    const { pre, post } = softDependencies.of(probe.module);
    const isSoft = compat && [...pre, ...post].some(({ modules }) => modules.length > 0);
    const command =
      isSoft || this.#isIgnored(probe) ? undefined : (probe.command ?? index.installCommand(probe.module));
    this.#expandAll(pre);
    this.probes.push({ ...probe, command });
    this.#expandAll(post);
  }

  /** Also where something that the target wants leads back to it; for kmod only under the same name. */
  #isIgnored({ module, alias }: Probe): boolean {
    const { ignoreCommands, compat } = this.#source;
    return ignoreCommands && module === this.#target.module && (!compat || alias === this.#target.alias);
  }

  #expandAll(members: readonly SoftDependency[]): void {
    for (const member of members) {
      if (member.modules.length === 0) this.unknown.push(member);
      for (const candidate of member.modules) this.expand(candidate, member.because, false);
    }
  }
}
