import type { LoadedModule } from '../kernel/loaded-module.ts';

/** What is counted of a loaded module. */
type Counted = Pick<LoadedModule, 'name' | 'refcount' | 'users' | 'permanent'>;

/** Use counts of the loaded modules, carried forward as modules go: each one holds what it uses exactly once. */
export class UseCounts {
  readonly #modules: Map<
    string,
    { refcount: number | null; users: Set<string>; readonly permanent: boolean }
  >;

  constructor(loaded: readonly Counted[]) {
    this.#modules = new Map(
      loaded.map(({ name, refcount, users, permanent }) => [
        name,
        { refcount, users: new Set(users), permanent },
      ]),
    );
  }

  /** The counts as they are now, to be carried forward apart from these. */
  copy(): UseCounts {
    return new UseCounts(
      [...this.#modules].map(([name, { refcount, users, permanent }]) => ({
        name,
        refcount,
        users: [...users],
        permanent,
      })),
    );
  }

  has(module: string): boolean {
    return this.#modules.has(module);
  }

  /** Null when the kernel cannot unload modules; 0 for a module that is not loaded. */
  refcount(module: string): number | null {
    const entry = this.#modules.get(module);
    return entry === undefined ? 0 : entry.refcount;
  }

  users(module: string): readonly string[] {
    return [...(this.#modules.get(module)?.users ?? [])];
  }

  /** Whether the module has an init function and no exit function. */
  isPermanent(module: string): boolean {
    return this.#modules.get(module)?.permanent === true;
  }

  /** All that a loaded module uses, also through others; in load order. */
  dependencies(module: string): readonly string[] {
    const found = new Set<string>();
    const visit = (user: string): void => {
      for (const [name, { users }] of this.#modules) {
        if (name === module || found.has(name) || !users.has(user)) continue;
        visit(name);
        found.add(name);
      }
    };
    visit(module);
    return [...found];
  }

  remove(module: string): void {
    this.#modules.delete(module);
    for (const entry of this.#modules.values())
      if (entry.users.delete(module) && entry.refcount !== null) entry.refcount--;
  }
}
