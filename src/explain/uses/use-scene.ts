import { KmodError } from '../../errors/kmod-error.ts';
import { moduleName, normalizeAlias } from '../../index-files/module-name.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';
import { KernelView } from '../../kernel/kernel-view.ts';
import type { KernelLocation } from '../../kernel/kernel-file.ts';
import type { KernelQuestions } from '../../native/kernel-questions.ts';

/** What uses of a module are looked for in. */
export class UseScene {
  /** The kernel's name of the module. */
  readonly module: string;
  readonly tree: ModuleTree;
  readonly view: KernelView;
  /** Undefined where the files are not those of the running kernel. */
  readonly questions: KernelQuestions | undefined;
  /** What could not be looked at, in sentences. */
  readonly unknown = new Set<string>();
  readonly #aliases = new Map<string, readonly string[]>();

  constructor(facts: {
    readonly module: string;
    readonly tree: ModuleTree;
    readonly kernel: KernelLocation;
    readonly questions: KernelQuestions | undefined;
  }) {
    this.module = facts.module;
    this.tree = facts.tree;
    this.view = new KernelView(facts.kernel);
    this.questions = this.view.isOwn ? facts.questions : undefined;
  }

  /** Modules that an alias stands for by the indexes; none where these cannot be read. */
  modulesOf(alias: string): readonly string[] {
    const known = this.#aliases.get(alias);
    if (known !== undefined) return known;
    const modules = this.#lookUp(alias);
    this.#aliases.set(alias, modules);
    return modules;
  }

  /** Whether the module is what one of these names stands for: aliases, or names of modules. */
  isNamedBy(...names: readonly string[]): boolean {
    return names.some(
      (name) => moduleName(name) === this.module || this.modulesOf(name).includes(this.module),
    );
  }

  #lookUp(alias: string): readonly string[] {
    const name = normalizeAlias(alias);
    if (name === undefined || name === '') return [];
    try {
      return this.tree.modulesOfAlias(name);
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
      this.unknown.add(`The indexes cannot be read: ${error.message}`);
      return [];
    }
  }
}
