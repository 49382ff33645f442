import { type ConfigurationIndex, indexConfiguration } from '../../config/configuration-index.ts';
import { isBuiltin, type LookupResult } from '../lookup.ts';
import type { LeftModule, LoadPlan, StepGroup, StepReason } from '../plan.ts';
import { type SoftDependencies, softDependenciesFor } from '../soft-dependencies.ts';
import { neededModules } from './dependencies.ts';
import { LoadDraft, type Members } from './load-draft.ts';
import { type Candidate, ModuleSteps, type RuledLoadRequest, type Wish } from './module-steps.ts';
import { NameResolver } from './resolution.ts';
import type { ListMember, ModulesConfRules, NameChain } from './rules.ts';

export type { RuledLoadRequest } from './module-steps.ts';

/**
 * Works out the steps of a load as modprobe of modutils did: for each name its alias chain; for the module at its end what
 * it needs, deepest first, then what the lines want below, the module itself with the commands around it, and what
 * they want above. A name with a list is the first of it that can be loaded (`probe`), or all of it (`probeall`). Soft
 * dependencies and commands of modprobe.d have their place within that, commands where the modules.conf has none for the
 * module.
 *
 * What is below and above may fail. With mode `2.4` a member of these lists that nothing has spoils the whole, and one that
 * is off makes it all off.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_PROC`, `ERR_KMOD_MODULE_FILE`
 */
export function planRuledLoad(request: RuledLoadRequest): LoadPlan {
  const planner = new RuledLoadPlanner(request);
  for (const name of request.names) planner.addName(name);
  return planner.finish();
}

/** Thrown where one name makes a whole request off. */
class RequestIsOff extends Error {}

const ASKED: StepReason = { kind: 'asked' };

class RuledLoadPlanner {
  readonly #request: RuledLoadRequest;
  readonly #rules: ModulesConfRules;
  readonly #resolver: NameResolver;
  readonly #index: ConfigurationIndex;
  readonly #soft: SoftDependencies;
  readonly #draft = new LoadDraft();
  readonly #modules: ModuleSteps;
  readonly #members: (number | StepGroup)[] = [];
  readonly #scope = new Map<string, boolean>();
  /** Names and modules that are being looked at, which ends circles. */
  readonly #open = new Set<string>();

  constructor(request: RuledLoadRequest) {
    const { rules, tree, configuration } = request;
    this.#request = request;
    this.#rules = rules;
    this.#resolver = new NameResolver(request);
    this.#index = indexConfiguration(configuration);
    this.#soft = softDependenciesFor(tree, configuration, false);
    this.#modules = new ModuleSteps(request, this.#draft);
  }

  finish(): LoadPlan {
    return this.#draft.finish(this.#members);
  }

  addName(name: string): void {
    const mark = this.#draft.mark();
    const before = [...this.#scope];
    try {
      const wish: Wish = { because: ASKED, required: true, isTarget: true, scope: this.#scope };
      const members = this.#wanted(name, wish);
      if (members === 'unknown') this.#hinderUnknown(name, ASKED, true);
      else this.#members.push(...members);
    } catch (error) {
      if (!(error instanceof RequestIsOff)) throw error;
      this.#draft.reset(mark);
      this.#scope.clear();
      for (const [module, required] of before) this.#scope.set(module, required);
    }
  }

  /** The members that load what a name stands for; none when it is off. */
  #wanted(name: string, wish: Wish): Members | 'unknown' {
    const { chain, modules } = this.#resolver.resolve(name);
    const { because } = wish;
    switch (chain.end) {
      case 'off':
        if (this.#rules.isStrict && because.kind !== 'asked') throw new RequestIsOff();
        this.#draft.leave('off', name, { because, origin: chain.origin, reason: offText(chain) });
        return [];
      case 'null':
        return this.#opened(name, () => this.#surrounded(chain.names, wish, () => []));
      case 'probe':
      case 'probeall':
        return this.#opened(name, () => this.#probe(name, chain, wish));
      default:
        if (modules.length === 0) return 'unknown';
        return this.#opened(name, () => this.#alternatives(name, { chain, modules }, wish));
    }
  }

  #opened<T>(name: string, plan: () => T): T | Members {
    if (this.#open.has(name)) return [];
    this.#open.add(name);
    try {
      return plan();
    } finally {
      this.#open.delete(name);
    }
  }

  #probe(name: string, { end, members, origin }: NameChain, wish: Wish): Members | 'unknown' {
    const isKnown = (member: string): boolean => {
      const { chain, modules } = this.#resolver.resolve(member);
      return !['module', 'loop'].includes(chain.end) || modules.length > 0;
    };
    const known = members.filter(isKnown);
    for (const member of members)
      if (!known.includes(member))
        this.#draft.leave('unknown', member, {
          because: wish.because,
          origin,
          reason: 'nothing has this name',
        });
    const branches = known.map((member) => (branch: Wish) => this.#probed(name, member, origin, branch));
    if (branches.length === 0) return 'unknown';
    return this.#branches(end === 'probe' ? 'first' : 'any', branches, wish);
  }

  /** A member of a list: its modules count as what was asked for. */
  #probed(asked: string, member: string, origin: NameChain['origin'], wish: Wish): Members {
    const before = this.#draft.targets.length;
    // The caller's parameters are for no member, as it was.
    const members = this.#wanted(member, { ...wish, isTarget: false });
    for (const [at, target] of this.#draft.targets.entries())
      if (at >= before)
        this.#draft.targets[at] = {
          ...target,
          asked,
          by: 'configured-alias',
          alias: asked,
          origin: target.origin ?? origin,
        };
    return members === 'unknown' ? [] : members;
  }

  #alternatives(
    name: string,
    { chain, modules }: { readonly chain: NameChain; readonly modules: readonly LookupResult[] },
    wish: Wish,
  ): Members {
    const branches = modules.map((result) => (branch: Wish) => {
      if (branch.because.kind === 'asked') this.#draft.targets.push({ ...result, asked: name });
      return this.#module(result, chain, branch);
    });
    return this.#branches('any', branches, wish);
  }

  /** Several ways to one end. A single one has no need of a group. */
  #branches(kind: 'first' | 'any', branches: readonly ((wish: Wish) => Members)[], wish: Wish): Members {
    const [only] = branches;
    if (only !== undefined && branches.length === 1) return only(wish);
    const members = branches.map((branch): StepGroup => {
      const scope = new Map(wish.scope);
      const group = branch({ ...wish, required: false, scope });
      return { kind: 'all', module: null, essential: true, members: group };
    });
    return [{ kind, module: null, essential: true, members }];
  }

  #module(result: LookupResult, chain: NameChain, wish: Wish): Members {
    const { tree } = this.#request;
    const { module } = result;
    const path = result.path ?? tree.dependencyLine(module)?.path ?? null;
    const names = this.#rules.namesOf(chain.names, module);
    const alias = chain.names.length > 1 ? (chain.names[0] ?? null) : result.alias;
    const candidate = { module, path, names, alias, isBuiltin: isBuiltin(tree, result) };
    return this.#opened(`module ${module}`, () => this.#withDependencies(candidate, wish));
  }

  #withDependencies(candidate: Candidate, wish: Wish): Members {
    const { module, path } = candidate;
    const because: StepReason = { kind: 'dependency', of: module };
    const needed =
      candidate.isBuiltin || this.#modules.isLoaded(module) ? [] : this.#needed(module, path, wish);
    const dependencies = needed.flatMap((one): Members => {
      const facts = { ...one, names: this.#rules.namesOf([], one.module), alias: null, isBuiltin: false };
      return this.#candidate(facts, { ...wish, because, isTarget: false });
    });
    return [...dependencies, ...this.#candidate(candidate, wish)];
  }

  #needed(module: string, path: string | null, wish: Wish): ReturnType<typeof neededModules> {
    const { tree } = this.#request;
    try {
      return neededModules(module, path, { tree, resolver: this.#resolver });
    } catch (error) {
      const { message, errno = null } = error as Error & { readonly errno?: number | null };
      this.#draft.hinder({ module, ...wish }, { path, code: 'ERR_KMOD_MODULE_FILE', reason: message, errno });
      return [];
    }
  }

  /** A module with what belongs below and above it; none of it again where it is sure to be there. */
  #candidate(candidate: Candidate, wish: Wish): Members {
    const { module, names } = candidate;
    const { scope, required, isTarget } = wish;
    const known = scope.get(module);
    if (known === true || (known === false && !required)) {
      if (isTarget)
        this.#draft.leave('repeated', module, { because: ASKED, reason: 'it is loaded by then already' });
      return [];
    }
    scope.set(module, required);
    const line = this.#blacklisting(candidate, wish);
    if (line !== undefined && line !== null) {
      const reason = `it is blacklisted by ${line.file}:${line.line}`;
      this.#draft.leave('blacklisted', module, { because: wish.because, origin: line, reason });
      return [];
    }
    return this.#surrounded(names, wish, () => this.#modules.plan(candidate, wish), module);
  }

  /** What is below, what is in the middle, and what is above. */
  #surrounded(
    names: readonly string[],
    wish: Wish,
    middle: () => Members,
    module: string | null = null,
  ): Members {
    if (wish.isTarget && this.#request.ignoreCommands === true) return middle();
    const isThere = module !== null && wish.isTarget && this.#modules.isLoaded(module);
    const { pre, post } = module === null || isThere ? { pre: [], post: [] } : this.#soft.of(module);
    const below = this.#rules.members('below', names);
    const above = this.#rules.members('above', names);
    return [
      ...pre.flatMap(({ name, because }) => this.#optional(name, because, wish)),
      ...below.flatMap((member) => this.#listed('below', member, wish)),
      ...middle(),
      ...above.flatMap((member) => this.#listed('above', member, wish)),
      ...post.flatMap(({ name, because }) => this.#optional(name, because, wish)),
    ];
  }

  #listed(kind: 'above' | 'below', { name, of, origin }: ListMember, wish: Wish): Members {
    const because: StepReason = { kind, of, origin };
    return this.#optional(name, because, wish, this.#rules.isStrict);
  }

  /** Something that may fail. */
  #optional(name: string, because: StepReason, { scope }: Wish, isStrict = false): Members {
    const own = new Map(scope);
    const members = this.#wanted(name, { because, required: false, isTarget: false, scope: own });
    if (members === 'unknown') {
      if (isStrict) this.#hinderUnknown(name, because, true);
      else {
        const origin = 'origin' in because ? because.origin : null;
        this.#draft.leave('unknown', name, { because, origin, reason: 'nothing has this name' });
      }
      return [];
    }
    for (const [module] of own) if (!scope.has(module)) scope.set(module, false);
    return members.length === 0 ? [] : [{ kind: 'all', module: null, essential: false, members }];
  }

  #blacklisting({ module, alias }: Candidate, { isTarget }: Wish): LeftModule['origin'] | undefined {
    const { blacklist = 'aliases' } = this.#request;
    const isMeant = isTarget ? alias !== null || blacklist !== 'aliases' : blacklist === 'all';
    return isMeant ? this.#index.blacklisting(module)?.origin : undefined;
  }

  #hinderUnknown(name: string, because: StepReason, required: boolean): void {
    const where = 'origin' in because ? ` (${because.origin.file}:${because.origin.line})` : '';
    const of = 'of' in because ? `, which is needed for ${because.of}${where}` : '';
    const { names, end } = this.#resolver.resolve(name).chain;
    const way = names.length > 1 ? ` (${names.join(' is ')})` : '';
    const loop = end === 'loop' ? ' Its aliases lead back to themselves.' : '';
    const { directory } = this.#request.tree;
    const reason = `Module ${name}${way}${of} not found in ${directory}, nor by the modules.conf.${loop}`;
    this.#draft.hinder(
      { module: name, because, required },
      { path: directory, code: 'ERR_KMOD_NOT_FOUND', reason, errno: null },
    );
  }
}

function offText({ names, origin }: NameChain): string {
  const where = origin === null ? '' : ` by ${origin.file}:${origin.line}`;
  return `${names.join(', that is ')} is off${where}`;
}
