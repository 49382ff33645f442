import { readFileSync } from 'node:fs';

import test from 'ava';

import * as configuration from '../src/config.ts';
import * as main from '../src/index.ts';
import * as syscalls from '../src/syscalls.ts';
import * as vm from '../vm/index.ts';
import { pages, snippets } from './documentation.ts';

/** Codes of a page's table rows, `| CODE | meaning |`. */
function tableOf(page: string): Readonly<Record<string, string>> {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `(ERR_\w+)` +\| (.*?) +\|$/gm);
  return Object.fromEntries([...rows].map(([, code = '', meaning = '']) => [code, meaning]));
}

test('docs/api.md lists every error code with its meaning', (t) => {
  t.deepEqual(tableOf('docs/api.md'), { ...main.errorCodes });
});

test('the documentation has every name that the entry points export', (t) => {
  const text = pages.map((page) => readFileSync(page, 'utf8')).join('\n');
  for (const [entry, names] of Object.entries({ main, syscalls, configuration, vm }))
    t.deepEqual(
      // Constants of a row are named by its first and its last.
      Object.keys(names).filter((name) => !new RegExp(`\\b${name}\\b`).test(text) && !name.startsWith('QM_')),
      [],
      entry,
    );
});

test('docs/errors.md lists every cause with its stage and meaning', (t) => {
  const rows = readFileSync('docs/errors.md', 'utf8').matchAll(
    /^\| `([a-z-]+)` +\| ([a-z-]+) +\| (.*?) +\|$/gm,
  );
  t.deepEqual(Object.fromEntries([...rows].map(([, cause, ...rest]) => [cause, rest])), { ...main.causes });
});

test('docs/vm.md lists every code of the harness with its meaning', (t) => {
  t.deepEqual(tableOf('docs/vm.md'), { ...vm.vmErrorCodes });
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
