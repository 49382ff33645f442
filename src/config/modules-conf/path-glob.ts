import { matchesAliasPattern } from '../../index-files/alias-pattern.ts';
import type { FileAccess } from './file-access.ts';

/** Paths that one pattern may lead to. */
const MAX_PATHS = 10_000;

/**
 * The files that match a pattern with `*`, `?` and `[…]`, sorted by their bytes. Hidden names have to be asked for with
 * their dot. A pattern without these characters is the file of that name, if there is one.
 */
export function globPaths(pattern: string, files: FileAccess): readonly string[] {
  const components = pattern.split('/');
  let paths = [''];
  for (const [index, component] of components.entries()) {
    const isLast = index === components.length - 1;
    if (component === '' || !/[*?[]/.test(component)) {
      const joined = paths.map((path) => (index === 0 ? component : `${path}/${component}`));
      paths = isLast ? joined.filter((path) => files.exists(path)) : joined;
      continue;
    }
    paths = paths.flatMap((path) => matchingNames(index === 0 ? undefined : `${path}/`, component, files));
    if (!isLast) paths = paths.filter((path) => files.exists(`${path}/.`));
    if (paths.length > MAX_PATHS) paths = paths.slice(0, MAX_PATHS);
  }
  return paths;
}

function matchingNames(prefix: string | undefined, pattern: string, files: FileAccess): readonly string[] {
  return files
    .names(prefix ?? '.')
    .filter((name) => name.startsWith('.') === pattern.startsWith('.') && matchesAliasPattern(pattern, name))
    .map((name) => `${prefix ?? ''}${name}`)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
