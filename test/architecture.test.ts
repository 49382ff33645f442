import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Lowest first: a file imports only from its own layer and from lower ones. */
const layers: readonly string[] = [
  'errors',
  'native',
  'kernel',
  'module-file',
  'index-files',
  'config',
  'plan',
  'execute',
  'explain',
  'depmod',
  'demand',
  'api',
  'cli',
];
const apiFiles = new Set(['src/index.ts', 'src/syscalls.ts', 'src/config.ts']);
const MAX_LINES = 400;

interface SourceFile {
  readonly path: string;
  readonly lines: readonly string[];
  /** Files of the project that it imports, relative to the root. */
  readonly imports: readonly string[];
}

const sources = readSources('src');
const harness = readSources('vm');

test('every source file belongs to a layer', (t) => {
  t.true(sources.length > 40);
  t.deepEqual(
    sources.map(({ path }) => path).filter((path) => layerOf(path) === -1),
    [],
  );
});

test('no import leads upward', (t) => {
  const upward = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => layerOf(target) === -1 || layerOf(target) > layerOf(path))
      .map((target) => `${path} imports ${target}`),
  );
  t.deepEqual(upward, []);
});

test('the harness uses the public API and the argument checks only', (t) => {
  const allowed = new Set([...apiFiles, 'src/errors/argument.ts']);
  const inner = harness.flatMap(({ path, imports }) =>
    imports
      .filter((target) => target.startsWith('src/') && !allowed.has(target))
      .map((target) => `${path} imports ${target}`),
  );
  t.deepEqual(inner, []);
});

test('nothing below the harness imports it', (t) => {
  const wrong = sources.filter(({ imports }) => imports.some((target) => !target.startsWith('src/')));
  t.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
});

test('files stay small', (t) => {
  const large = [...sources, ...harness].filter(({ lines }) => lines.length > MAX_LINES);
  t.deepEqual(
    large.map(({ path, lines }) => `${path}: ${lines.length} lines`),
    [],
  );
});

test('only the entry touches the process that it runs in', (t) => {
  const users = sources.filter(
    ({ path, lines }) =>
      path.startsWith('src/cli/') &&
      lines.some((line) => /\bprocess\./.test(line) && !/^\s*(\*|\/\/)/.test(line)),
  );
  t.deepEqual(
    users.map(({ path }) => path),
    ['src/cli/entry.ts'],
  );
});

test('the check itself sees imports and their direction', (t) => {
  const plan = sources.find(({ path }) => path === 'src/plan/load-plan.ts');
  t.true(plan?.imports.includes('src/index-files/module-tree.ts'));
  t.true(layerOf('src/plan/load-plan.ts') > layerOf('src/index-files/module-tree.ts'));
  t.is(layerOf('src/index.ts'), layers.indexOf('api'));
  t.is(layerOf('src/unknown/x.ts'), -1);
});

function layerOf(path: string): number {
  if (apiFiles.has(path)) return layers.indexOf('api');
  return layers.indexOf(/^src\/([^/]+)\//.exec(path)?.[1] ?? '');
}

function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readSource(`${folder}/${name}`));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const specifiers = [...text.matchAll(/\b(?:from|import|typeof import)\s*\(?\s*'(\.[^']*)'/g)];
  const imports = specifiers.map(([, specifier = '']) =>
    relative(root, join(root, dirname(path), specifier)),
  );
  return { path, lines: text.trimEnd().split('\n'), imports };
}

function findRoot(folder: string): string {
  // The compiled test lies in dist/test.
  return folder.endsWith(join('dist', 'test')) ? join(folder, '../..') : join(folder, '..');
}
