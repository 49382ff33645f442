import type { ModprobeConfiguration } from '../../config/modprobe-configuration.ts';
import { comparedName } from '../../config/modules-conf/modprobe-words.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';
import { type LookupResult, lookUp, lookUpName } from '../lookup.ts';
import { ModuleFolders } from './module-folders.ts';
import type { ModulesConfRules, NameChain } from './rules.ts';

/** What names are looked up in. */
export interface ResolutionSource {
  readonly rules: ModulesConfRules;
  readonly tree: ModuleTree;
  /** modprobe.d and the rest, which come after the modules.conf. */
  readonly configuration: ModprobeConfiguration;
  /** Folder in place of `/` for the folders of `path` lines. Default none. */
  readonly root?: string | undefined;
  /** Folder that `./` stands for. Default: the process's. */
  readonly workingDirectory?: string | undefined;
}

/** What a name stands for. */
export interface ResolvedName {
  readonly chain: NameChain;
  /** The modules of the chain's last name; none where nothing has that name, or where the chain ends otherwise. */
  readonly modules: readonly LookupResult[];
}

/**
 * Looks names up: first by the lines of the modules.conf, exactly; what these lead to by modprobe.d, by the names of
 * modules, and by what the modules and the kernel itself declare; at last by modutils' own aliases, if these count.
 */
export class NameResolver {
  readonly #source: ResolutionSource;
  readonly #folders: ModuleFolders;

  constructor(source: ResolutionSource) {
    this.#source = source;
    this.#folders = new ModuleFolders(source.rules.model, source.tree, source.root);
  }

  /** @throws KmodError `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT` */
  resolve(asked: string): ResolvedName {
    const { rules, tree, workingDirectory } = this.#source;
    const chain = rules.follow(asked);
    const isFile = asked.startsWith('/') || asked.startsWith('./');
    if (isFile && chain.end === 'module' && chain.names.length === 1)
      return { chain, modules: lookUp(tree, asked, { workingDirectory }) };
    if (chain.end !== 'module' && chain.end !== 'loop') return { chain, modules: [] };
    const modules = this.#modulesOf(asked, chain);
    if (modules.length > 0) return { chain, modules };
    const last = chain.names.at(-1) ?? asked;
    const { names, ...further } = rules.followBuiltIn(last);
    if (further.end === 'module' && names.length === 1) return { chain, modules };
    const whole = { ...further, names: [...chain.names, ...names.slice(1)], origin: chain.origin };
    return { chain: whole, modules: further.end === 'module' ? this.#modulesOf(asked, whole) : [] };
  }

  /** The file of a module that another one needs. */
  fileOf(module: string, indexed: string | null): string | null {
    return this.#folders.find(module) ?? indexed;
  }

  #modulesOf(asked: string, { names, origin }: NameChain): readonly LookupResult[] {
    const { tree, configuration } = this.#source;
    const name = names.at(-1) ?? asked;
    const isAlias = names.length > 1;
    const found = lookUpName(tree, name, configuration);
    const own: LookupResult[] =
      found[0]?.by === 'configured-alias' ? [] : this.#byFile(asked, comparedName(name));
    return (own.length > 0 ? own : found.filter((result) => this.#isInForce(result))).map((result) => ({
      ...result,
      asked,
      ...(isAlias && { by: 'configured-alias' as const, alias: asked, origin }),
    }));
  }

  #byFile(asked: string, module: string): LookupResult[] {
    const path = this.#folders.find(module);
    if (path === undefined) return [];
    const indexed = this.#source.tree.dependencyLine(module)?.path;
    const facts = { module, asked, alias: null, command: null, origin: null } as const;
    return [{ ...facts, by: 'name', path: path === indexed ? null : path }];
  }

  /** Whether `path` lines leave the module's folder in force. */
  #isInForce({ module }: LookupResult): boolean {
    const path = this.#source.tree.dependencyLine(module)?.path;
    return path === undefined || this.#folders.find(module) !== undefined || this.#folders.allows(path);
  }
}
