import { readFileSync } from 'node:fs';

import test from 'ava';

import { causes, errorCodes } from '../src/index.ts';
import { vmErrorCodes } from '../vm/index.ts';
import { pages, snippets } from './documentation.ts';

/** Codes of a page's table rows, `| CODE | meaning |`. */
function tableOf(page: string): Readonly<Record<string, string>> {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `(ERR_\w+)` +\| (.*?) +\|$/gm);
  return Object.fromEntries([...rows].map(([, code = '', meaning = '']) => [code, meaning]));
}

test('docs/api.md lists every error code with its meaning', (t) => {
  t.deepEqual(tableOf('docs/api.md'), { ...errorCodes });
});

test('docs/errors.md lists every cause with its stage and meaning', (t) => {
  const rows = readFileSync('docs/errors.md', 'utf8').matchAll(
    /^\| `([a-z-]+)` +\| ([a-z-]+) +\| (.*?) +\|$/gm,
  );
  t.deepEqual(Object.fromEntries([...rows].map(([, cause, ...rest]) => [cause, rest])), { ...causes });
});

test('docs/vm.md lists every code of the harness with its meaning', (t) => {
  t.deepEqual(tableOf('docs/vm.md'), { ...vmErrorCodes });
});

test('every piece of code in the documentation says where it is run', (t) => {
  const all = snippets();
  t.true(all.length >= 8);
  t.deepEqual(
    all.filter(({ place }) => place === undefined).map(({ title }) => title),
    [],
  );
});

test('the documentation names no file that is not there', (t) => {
  for (const page of pages) {
    const base = page.startsWith('docs/') ? 'docs/' : '';
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g))
      t.notThrows(() => readFileSync(`${base}${target}`), `${page}: ${target}`);
  }
});
