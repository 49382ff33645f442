/**
 * Splits a bundle. To compile code takes longer than most runs of a tool, and most runs need a fraction of it: so a part is a
 * file beside the bundle, which is read when one of its functions is called for the first time.
 *
 * The sources know nothing of it. Where others import from a file of a part, each function of that is replaced by one of a
 * line that reads the part. What is in the bundle and in parts, or in several parts, is only in the first of them, and
 * the others take it from there, so that there is one class of each name, and one state.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { build } from 'esbuild';

const FUNCTION = /^export (?:async )?function\*? (\w+)/gm;
const IMPORT = /^(?:import|export) \{([^}]*)\} from '([^']+)';/gm;

/**
 * Bundles a program and its parts, as NAME.cjs each.
 *
 * @param options for esbuild, with neither entry nor output
 * @param program its `name`, the `source` of its entry, which imports relative to `folder`, and its `parts`: files by name, in
 *   an order in which a part takes what it shares from parts before it
 */
export async function bundleInParts(options, { name, source, folder, parts }) {
  const root = options.absWorkingDir;
  const units = [
    { name, source, folder },
    ...Object.entries(parts).map(([part, files]) => ({ name: part, source: reexports(files), folder: '.' })),
  ].map((unit) => ({ ...unit, taken: new Map() }));
  const partOf = new Map(Object.entries(parts).flatMap(([part, files]) => files.map((file) => [file, part])));
  const owners = new Map();
  const bundle = async (unit, further, write) => {
    const plugins = [...options.plugins, boundaries({ root, unit, partOf, owners })];
    const contents = `${unit.source}\n${further}`;
    const outfile = `dist/cli/${unit.name}.cjs`;
    const { metafile } = await build({
      ...options,
      stdin: { contents, resolveDir: join(root, unit.folder), sourcefile: `${unit.name}-program.ts` },
      outfile,
      plugins,
      metafile: true,
      write,
    });
    return Object.entries(metafile.outputs[outfile].inputs).flatMap(([path, { bytesInOutput }]) =>
      path.startsWith('src/') && bytesInOutput > 0 ? path : [],
    );
  };
  for (const unit of units)
    for (const path of await bundle(unit, '', false)) if (!owners.has(path)) owners.set(path, unit);
  for (const unit of units) {
    for (const path of await bundle(unit, sharedSource(root, unit), true))
      if (owners.get(path) !== unit)
        throw new Error(
          `${path} is in ${unit.name} and in ${owners.get(path)?.name ?? 'no unit'}: two of each of its classes`,
        );
  }
}

function reexports(files) {
  return files.map((file) => `export * from './${file}';`).join('\n');
}

/** What others may take out of a unit. Nothing of it is prepared before they ask. */
function sharedSource(root, { folder, taken }) {
  const imports = [];
  const cases = [];
  for (const [path, names] of taken) {
    const at = cases.length;
    const list = [...names];
    imports.push(
      `import { ${list.map((each) => `${each} as ${each}_${at}`).join(', ')} } from './${relative(folder, path)}';`,
    );
    cases.push(`case '${path}': return { ${list.map((each) => `${each}: ${each}_${at}`).join(', ')} };`);
  }
  if (cases.length === 0) return '';
  return `${imports.join('\n')}\nexport function shared(path) { switch (path) { ${cases.join('\n')} } }`;
}

/** Resolves imports that lead out of a unit. */
function boundaries({ root, unit, partOf, owners }) {
  return {
    name: 'boundaries',
    setup(bundler) {
      bundler.onResolve({ filter: /^\..*\.ts$/ }, ({ path, importer, resolveDir, kind }) => {
        if (kind !== 'import-statement') return undefined;
        const file = relative(root, join(resolveDir, path));
        const part = partOf.get(file);
        if (part !== undefined && part !== unit.name) {
          requireFunctions(file, importedNames(importer, path), functionsOf(root, file));
          return { path: file, namespace: 'part' };
        }
        const owner = owners.get(file);
        if (owner === undefined || owner === unit || part === unit.name) return undefined;
        const names = owner.taken.get(file) ?? new Set();
        for (const name of importedNames(importer, path)) names.add(name);
        if (names.size > 0) owner.taken.set(file, names);
        return { path: file, namespace: 'owner' };
      });
      bundler.onLoad({ filter: /./, namespace: 'part' }, ({ path }) => ({
        contents: stubs(functionsOf(root, path), partOf.get(path)),
        loader: 'js',
      }));
      bundler.onLoad({ filter: /./, namespace: 'owner' }, ({ path }) => ({
        contents: `module.exports = require('./${owners.get(path).name}.cjs').shared('${path}');`,
        loader: 'js',
      }));
      bundler.onResolve({ filter: /^\.\/[\w-]+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

function functionsOf(root, file) {
  return [...readFileSync(join(root, file), 'utf8').matchAll(FUNCTION)].map(([, name]) => name);
}

function requireFunctions(file, names, functions) {
  const other = names.find((name) => !functions.includes(name));
  if (other !== undefined)
    throw new Error(`${other} of ${file} is wanted before the part has been read, and is no function`);
}

/** The functions of a file as they are seen from outside of its part. */
function stubs(names, part) {
  return names
    .map((name) => `export function ${name}(...input) { return require('./${part}.cjs').${name}(...input); }`)
    .join('\n');
}

/** The names, types excepted, that a file imports from another. */
function importedNames(importer, specifier) {
  const source = readFileSync(importer, 'utf8');
  return [...source.matchAll(IMPORT)]
    .filter(([, , from]) => from === specifier)
    .flatMap(([, list]) => list.split(','))
    .map((item) => item.trim().split(' as ')[0])
    .filter((item) => item !== '' && !item.startsWith('type '));
}
