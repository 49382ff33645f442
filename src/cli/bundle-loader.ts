import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** The one bundle that Node is to load itself, for its `import()`: code that was compiled by another process has none. */
const IMPORTER = './dynamic-import.cjs';

/** Loads a bundle, as `require` does for other modules. */
export type BundleLoader = (id: string) => unknown;

/** What makes code of a bundle. Is told each script when it has been compiled. */
export interface BundleLoading {
  readonly require: NodeJS.Require;
  /** Folder of the bundles. */
  readonly folder: string;
  /** The code to take for a bundle; undefined: to compile it. */
  readonly codeOf: (file: string) => Buffer | undefined;
  readonly onScript?: ((file: string, script: Script) => void) | undefined;
}

/**
 * A loader of bundles (scripts that are a function of what Node gives a module) by names like `./modprobe.cjs`, which takes code that was compiled when they were made. V8 refuses code of
 * another version of itself or for a text of another length, and compiles anew.
 */
export function bundleLoader({ require, folder, codeOf, onScript }: BundleLoading): BundleLoader {
  const loaded = new Map<string, { exports: unknown }>();
  const load: BundleLoader = (id) => {
    if (!id.startsWith('./')) return require(id) as unknown;
    if (id === IMPORTER) return require(join(folder, id)) as unknown;
    const known = loaded.get(id);
    if (known !== undefined) return known.exports;
    const file = join(folder, id);
    const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: codeOf(file) });
    onScript?.(file, script);
    const module = { exports: {} };
    loaded.set(id, module);
    const run = script.runInThisContext() as (...input: readonly unknown[]) => void;
    run(module.exports, load, module, file, dirname(file));
    return module.exports;
  };
  return load;
}

/** Name of the file with a bundle's code for a Node, of which V8's version and the machine's architecture count. */
export function codeFile(
  file: string,
  { versions, arch }: { readonly versions: { readonly v8: string }; readonly arch: string },
): string {
  return `${file.replace(/\.cjs$/, '')}.${versions.v8}-${arch}.code`;
}

/** The code beside a bundle, if there is any for this Node. */
export function codeBeside(file: string, node: Parameters<typeof codeFile>[1]): Buffer | undefined {
  const code = codeFile(file, node);
  return existsSync(code) ? readFileSync(code) : undefined;
}
