import { type ConfigurationIndex, indexConfiguration } from '../../config/configuration-index.ts';
import type { CommandDirective } from '../../config/modules-conf/directive.ts';
import type { KernelLocation } from '../../kernel/kernel-file.ts';
import { hasModuleFolder, kernelCompression, moduleState } from '../../kernel/module-state.ts';
import { commandLoop, commandStep, parameterTextOf } from '../configured-command.ts';
import type { LoadRequest } from '../load-plan.ts';
import { chooseCall } from '../module-compression.ts';
import type { LoadStep, OptionText, StepReason } from '../plan.ts';
import type { LoadDraft, Members } from './load-draft.ts';
import type { ResolutionSource } from './resolution.ts';
import { ruleCommandStep } from './rule-command.ts';
import type { ModulesConfRules, RuleOptions } from './rules.ts';

/** What to load by a modules.conf. */
export interface RuledLoadRequest
  extends
    ResolutionSource,
    Omit<LoadRequest, 'targets' | 'compat' | 'keepRepeats' | 'configuration' | 'tree'> {
  /** Names to load, as the caller wrote them. */
  readonly names: readonly string[];
}

/** Where in a plan something is wanted. */
export interface Wish {
  readonly because: StepReason;
  readonly required: boolean;
  readonly isTarget: boolean;
  /** Modules that are sure to be there by then, with whether they are required; of a branch apart from the others'. */
  readonly scope: Map<string, boolean>;
}

/** A module that is wanted. */
export interface Candidate {
  readonly module: string;
  readonly path: string | null;
  readonly isBuiltin: boolean;
  /** Whether an alias led to it. */
  readonly alias: string | null;
  /** The names whose lines are for it, the one that was asked for first. */
  readonly names: readonly string[];
}

/** Plans the steps of single modules: each with the commands around it. */
export class ModuleSteps {
  readonly #request: RuledLoadRequest;
  readonly #draft: LoadDraft;
  readonly #rules: ModulesConfRules;
  readonly #kernel: KernelLocation;
  readonly #index: ConfigurationIndex;
  readonly #kernelCompression: () => string | undefined;

  constructor(request: RuledLoadRequest, draft: LoadDraft) {
    this.#request = request;
    this.#draft = draft;
    this.#rules = request.rules;
    this.#kernel = request.kernel ?? {};
    this.#index = indexConfiguration(request.configuration);
    let compression: { readonly name: string | undefined } | undefined;
    this.#kernelCompression = () => (compression ??= { name: kernelCompression(this.#kernel) }).name;
  }

  isLoaded(module: string): boolean {
    if (this.#request.ignoreLoaded === true) return false;
    return hasModuleFolder(module, this.#kernel) && moduleState(module, this.#kernel) === 'live';
  }

  /** The module itself, with the commands around it. */
  plan(candidate: Candidate, wish: Wish): Members {
    const { module, path, names } = candidate;
    const { because, required, isTarget } = wish;
    const facts = { module, because, required } as const;
    const isListed = this.#request.ignoreLoaded === true;
    if (candidate.isBuiltin && !isListed) return this.#present({ action: 'skip-builtin', ...facts }, wish);
    if (this.isLoaded(module)) return this.#present({ action: 'skip-loaded', path, ...facts }, wish);
    const ignores = isTarget && this.#request.ignoreCommands === true;
    const ruled = this.#rules.options(names);
    for (const { text, file, line } of ruled.dropped)
      this.#draft.leave('option', module, { because, origin: { file, line }, reason: text });
    const options = this.#optionsOf(candidate, ruled, isTarget);
    const commands = (directive: CommandDirective, of = names): readonly number[] =>
      ignores ? [] : this.#commands(directive, of, { candidate, wish, options });
    if (candidate.isBuiltin) return [this.#add({ action: 'skip-builtin', ...facts })];
    const before = commands('pre-install');
    const instead = commands('install');
    const record =
      ignores || instead.length > 0 || this.#rules.hasInstallCommands(names)
        ? undefined
        : this.#index.installCommand(module);
    const steps = [...before, ...instead];
    if (record !== undefined) {
      const { commandChain: chain } = this.#request;
      const step = commandStep({
        directive: 'install',
        record,
        path,
        options,
        compat: false,
        chain,
        ...facts,
      });
      steps.push(this.#addCommand(step));
    } else if (instead.length === 0) steps.push(this.#insert(candidate, wish, { options, ruled }));
    steps.push(...commands('post-install', names.toReversed()));
    return steps.length === 1 ? steps : [{ kind: 'all', module, essential: true, members: steps }];
  }

  #commands(
    directive: CommandDirective,
    names: readonly string[],
    {
      candidate: { module, path },
      wish: { because, required },
      options,
    }: { readonly candidate: Candidate; readonly wish: Wish; readonly options: readonly OptionText[] },
  ): readonly number[] {
    const { commandChain: chain } = this.#request;
    return this.#rules.commands(directive, names).map((command) => {
      const facts = { module, path, options, chain, because, required } as const;
      return this.#addCommand(ruleCommandStep(command, this.#rules, facts));
    });
  }

  #addCommand(step: Extract<LoadStep, { readonly action: 'command' }>): number {
    const loop = commandLoop(step, this.#request.commandChain);
    if (loop !== undefined) this.#draft.hinder(step, { path: step.path, ...loop });
    return this.#add(step);
  }

  #insert(
    { module, path }: Candidate,
    { because, required }: Wish,
    { options, ruled }: { readonly options: readonly OptionText[]; readonly ruled: RuleOptions },
  ): number {
    const facts = { module, because, required } as const;
    if (path === null) {
      const reason = `A name leads to the module ${module}, but there is no file of that name. Run depmod.`;
      this.#draft.hinder(facts, { path: null, code: 'ERR_KMOD_NOT_FOUND', reason, errno: null });
    }
    const { call, obstacle } = path === null ? NO_FILE : chooseCall(path, this.#kernelCompression);
    if (obstacle !== undefined) this.#draft.hinder(facts, { path, ...obstacle });
    return this.#add({
      action: 'insert',
      ...facts,
      path: path ?? '',
      parameters: parameterTextOf(options),
      options,
      call,
      ...(ruled.noAutoclean && { noAutoclean: true }),
    });
  }

  /** Those of modprobe.d, then those of the modules.conf, then the caller's, which only a target gets. */
  #optionsOf({ module, alias }: Candidate, { texts }: RuleOptions, isTarget: boolean): readonly OptionText[] {
    const configured = this.#index.options(module, alias).map(({ text, origin }) => ({ text, origin }));
    const { parameters = '' } = this.#request;
    const own = isTarget && parameters !== '' ? [{ text: parameters, origin: null }] : [];
    return [...configured, ...texts, ...own];
  }

  #present(step: LoadStep, { isTarget, required }: Wish): Members {
    if (isTarget && this.#request.firstTime === true) {
      const { module, action } = step;
      const state = action === 'skip-builtin' ? 'is built into the kernel' : 'is loaded';
      const reason = `Module ${module} ${state} already, and its first load was asked for.`;
      const facts = { module, because: ASKED, required };
      this.#draft.hinder(facts, { path: null, code: 'ERR_KMOD_ALREADY_LOADED', reason, errno: null });
    }
    return [this.#add(step)];
  }

  #add(step: LoadStep): number {
    if (step.action === 'insert')
      for (const { dependencies, origin } of this.#index.weakDependencies(step.module))
        for (const module of dependencies)
          this.#draft.leave('weakdep', module, {
            reason: `${step.module} may ask for it while it is in use`,
            because: { kind: 'weakdep', of: step.module, origin },
            origin,
          });
    return this.#draft.add(step);
  }
}

const ASKED: StepReason = { kind: 'asked' };
const NO_FILE = { call: 'finit', obstacle: undefined } as const;
