/** What `modules.dep` says, by the kernel's name of a module (underscores, no ending). */
export interface ModuleFiles {
  /** Path below the module folder. */
  readonly path: string;
  /** Names of the modules it needs, also indirectly. */
  readonly needs: readonly string[];
}

/** Reads the text of `modules.dep`: `PATH: PATH ...` per line. Lines of another form are skipped. */
export function parseModulesDep(text: string): Map<string, ModuleFiles> {
  const modules = new Map<string, ModuleFiles>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const path = line.slice(0, colon);
    const needs = line
      .slice(colon + 1)
      .split(/\s+/)
      .filter((part) => part !== '');
    modules.set(moduleName(path), { path, needs: needs.map(moduleName) });
  }
  return modules;
}

/**
 * Paths of the modules named and of all that they need, sorted. Names that do not exist are skipped: they are built
 * into this kernel or unknown to it.
 */
export function moduleClosure(
  modules: ReadonlyMap<string, ModuleFiles>,
  names: readonly string[] | 'all',
): string[] {
  if (names === 'all') return [...modules.values()].map(({ path }) => path).sort();
  const paths = new Map<string, string>();
  const waiting = names.map(moduleName);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const module = modules.get(name);
    if (module === undefined || paths.has(name)) continue;
    paths.set(name, module.path);
    waiting.push(...module.needs);
  }
  return [...paths.values()].sort();
}

/** `kernel/net/8021q/8021q.ko.xz` → `8021q`; dashes become underscores. */
function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.ko(?:\.(?:gz|xz|zst))?$/, '')
    .replaceAll('-', '_');
}
