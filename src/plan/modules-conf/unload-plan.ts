import type { ModprobeConfiguration } from '../../config/modprobe-configuration.ts';
import { comparedName } from '../../config/modules-conf/modprobe-words.ts';
import { moduleNameOfPath } from '../../index-files/module-name.ts';
import { isShownAsBuiltin, moduleHolders } from '../../kernel/module-state.ts';
import type { Obstacle, SkippedModule, StepGroup, StepReason, UnloadPlan, UnloadStep } from '../plan.ts';
import { RemovalRules } from '../removal-rules.ts';
import { builtinObstacle, notLoadedObstacle, stillUsedText, useObstacle } from '../unload-obstacle.ts';
import type { UnloadRequest } from '../unload-request.ts';
import { UseCounts } from '../use-counts.ts';
import type { Members } from './load-draft.ts';
import { NameResolver } from './resolution.ts';
import { ruleCommandStep } from './rule-command.ts';
import type { ListMember, ModulesConfRules } from './rules.ts';

/** What to unload by a modules.conf. */
export interface RuledUnloadRequest extends Omit<UnloadRequest, 'modules' | 'compat' | 'configuration'> {
  /** Names of modules, aliases or lists, as the caller wrote them. */
  readonly names: readonly string[];
  readonly rules: ModulesConfRules;
  /** modprobe.d and the rest, which count where the modules.conf says nothing. */
  readonly configuration: ModprobeConfiguration;
  /** Folder in place of `/` for the folders of `path` lines. Default none. */
  readonly root?: string | undefined;
}

/**
 * Works out the steps of an unload as `modprobe -r` of modutils did, in the reverse order of loading: for each name what is
 * above it, the module with its commands, what is below, and what it needed, as far as nothing uses that. A list is
 * all of its members that are loaded. Commands are for loaded modules only, also for those below and above.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function planRuledUnload(request: RuledUnloadRequest): UnloadPlan {
  const planner = new RuledUnloadPlanner(request);
  for (const name of request.names) planner.addName(name);
  return planner.finish();
}

/** A module that is to go. */
interface Leaver {
  readonly module: string;
  /** The names whose lines are for it, the one that was asked for first. */
  readonly names: readonly string[];
  readonly because: StepReason;
  readonly required: boolean;
}

const ASKED: StepReason = { kind: 'asked' };

class RuledUnloadPlanner {
  readonly #request: RuledUnloadRequest;
  readonly #rules: ModulesConfRules;
  readonly #resolver: NameResolver;
  readonly #removal: RemovalRules;
  readonly #steps: UnloadStep[] = [];
  readonly #blocked: Obstacle[] = [];
  readonly #skipped: SkippedModule[] = [];
  readonly #members: (number | StepGroup)[] = [];
  #counts: UseCounts;
  #seen = new Set<string>();

  constructor(request: RuledUnloadRequest) {
    this.#request = request;
    this.#rules = request.rules;
    this.#resolver = new NameResolver(request);
    this.#removal = new RemovalRules({ ...request, modules: [] });
    this.#counts = new UseCounts(request.loaded);
  }

  finish(): UnloadPlan {
    const course: StepGroup = { kind: 'all', module: null, essential: true, members: this.#members };
    // Without commands around them, steps simply follow each other.
    const isFlat = this.#steps.every(({ action }) => action === 'delete');
    return {
      kind: 'unload',
      steps: this.#steps,
      ...(!isFlat && { course }),
      blocked: this.#blocked,
      skipped: this.#skipped,
    };
  }

  addName(name: string): void {
    this.#members.push(...this.#named(name, ASKED, true));
  }

  #named(name: string, because: StepReason, required: boolean): Members {
    const { chain, modules } = this.#resolver.resolve(name);
    const [asked = name] = chain.names;
    if (this.#seen.has(`name ${asked}`)) return [];
    this.#seen.add(`name ${asked}`);
    switch (chain.end) {
      case 'off':
        return [];
      case 'null':
        return [...this.#lists('above', chain.names), ...this.#lists('below', chain.names)];
      case 'probe':
      case 'probeall':
        return chain.members.toReversed().flatMap((member) => this.#named(member, because, required));
      default: {
        const last = comparedName(moduleNameOfPath(chain.names.at(-1) ?? name));
        // What is loaded can be unloaded, whether or not the tree still has it.
        const found = modules.length > 0 ? [...new Set(modules.map(({ module }) => module))] : [last];
        const loaded = found.filter((module) => this.#counts.has(module));
        return (loaded.length > 0 ? loaded : found.slice(0, 1)).flatMap((module) => {
          const names = this.#rules.namesOf(chain.names, module);
          return this.#leave({ module, names, because, required });
        });
      }
    }
  }

  #lists(kind: 'above' | 'below', names: readonly string[]): Members {
    const members = this.#rules.members(kind, names).toReversed();
    return members.flatMap((member) => this.#listed(kind, member));
  }

  #listed(kind: 'above' | 'below', { name, of, origin }: ListMember): Members {
    return this.#named(name, { kind, of, origin }, false);
  }

  /** The members that unload a module, if that can be; what is optional leaves no trace where it cannot. */
  #leave(leaver: Leaver): Members {
    const { module, names, because, required } = leaver;
    if (this.#seen.has(module)) return [];
    this.#seen.add(module);
    const ignores = because.kind === 'asked' && this.#request.ignoreCommands === true;
    const soft = this.#removal.softDependencies(module);
    const state = { counts: this.#counts.copy(), steps: this.#steps.length, seen: new Set(this.#seen) };
    const before: Members = [
      ...soft.post.toReversed().flatMap(({ name, because: reason }) => this.#named(name, reason, false)),
      ...(ignores ? [] : this.#lists('above', names)),
      ...this.#holders(leaver),
    ];
    const isThere = this.#counts.has(module);
    if (!isThere && required) this.#tellAbsent(module, because);
    const stays = isThere ? this.#obstacle(leaver) : undefined;
    if (stays !== undefined) {
      if (required) this.#blocked.push(stays);
      else {
        this.#skipped.push({ module, because, reason: stillUsedText(module, this.#counts) });
        this.#counts = state.counts;
        this.#seen = state.seen;
        this.#steps.length = state.steps;
        return [];
      }
    }
    const unit = isThere ? this.#unit(leaver, ignores) : [];
    const after: Members = [
      ...(ignores ? [] : this.#lists('below', names)),
      ...soft.pre.toReversed().flatMap(({ name, because: reason }) => this.#named(name, reason, false)),
    ];
    return [...before, ...unit, ...after, ...(isThere ? this.#unused(module) : [])];
  }

  #holders({ module, required }: Leaver): Members {
    if (this.#request.removeHolders !== true) return [];
    const because: StepReason = { kind: 'holder', of: module };
    const holders = moduleHolders(module, this.#request.kernel).toReversed();
    return holders.flatMap((holder) =>
      this.#leave({ module: holder, names: this.#rules.namesOf([], holder), because, required }),
    );
  }

  /** What it needed and nothing needs any more. */
  #unused(module: string): Members {
    const { dependencies, tree, loaded } = this.#request;
    if (dependencies !== true) return [];
    const because: StepReason = { kind: 'dependency', of: module };
    const line = tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath) ?? [];
    const known = [...line.toReversed(), ...new UseCounts(loaded).dependencies(module).toReversed()];
    return known.flatMap((needed) =>
      this.#counts.has(needed)
        ? this.#leave({
            module: needed,
            names: this.#rules.namesOf([], needed),
            because,
            required: false,
          })
        : [],
    );
  }

  #unit({ module, names, because, required }: Leaver, ignores: boolean): Members {
    const { commandChain: chain, force = false, tree } = this.#request;
    const path = tree.dependencyLine(module)?.path ?? null;
    const facts = { module, path, options: [], chain, because, required } as const;
    const commands = (directive: 'pre-remove' | 'remove' | 'post-remove', of = names): readonly number[] =>
      ignores
        ? []
        : this.#rules
            .commands(directive, of)
            .map((command) => this.#add(ruleCommandStep(command, this.#rules, facts)));
    const before = commands('pre-remove');
    const instead = commands('remove');
    const isRuled =
      before.length > 0 || instead.length > 0 || this.#rules.commands('post-remove', names).length > 0;
    const record = ignores || isRuled ? undefined : this.#removal.command(module, because, required);
    const own: readonly number[] =
      instead.length > 0
        ? instead
        : [this.#add(record ?? { action: 'delete', module, force: force && required, because, required })];
    const after = commands('post-remove', names.toReversed());
    this.#counts.remove(module);
    return [{ kind: 'all', module, essential: required, members: [...before, ...own, ...after] }];
  }

  #add(step: UnloadStep): number {
    const loop = step.action === 'command' ? this.#removal.loop(step) : undefined;
    if (loop !== undefined && step.required) this.#blocked.push(loop);
    return this.#steps.push(step) - 1;
  }

  /** What keeps a loaded module in the kernel. */
  #obstacle({ module, because, required }: Leaver): Obstacle | undefined {
    const { check = 'all', waits, force, kernel = {} } = this.#request;
    if (required && (check === 'none' || waits === true)) return undefined;
    const counts = this.#counts;
    // Uses that are not by symbols, as of a checksum by its name, end with the modules that go: the kernel decides.
    const isSoft = because.kind === 'softdep' && because.order === 'pre';
    const isForced = force === true && required;
    const isUsed = counts.users(module).length > 0 || (!isSoft && !isForced && counts.refcount(module) !== 0);
    if (!isUsed && (isForced || !counts.isPermanent(module))) return undefined;
    return useObstacle({ module, because, counts, kernel });
  }

  #tellAbsent(module: string, because: StepReason): void {
    const { tree, kernel, firstTime = true, check = 'all' } = this.#request;
    if (check === 'none') return;
    if (tree.isBuiltin(module) || isShownAsBuiltin(module, kernel))
      this.#blocked.push(builtinObstacle(module, because));
    else if (firstTime) this.#blocked.push(notLoadedObstacle(module, because));
    else this.#skipped.push({ module, reason: 'it is not loaded', because });
  }
}
