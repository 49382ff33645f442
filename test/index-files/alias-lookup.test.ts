import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { lookupProgram } from '../../bench/alias-lookup-program.ts';
import { aliasRequests, fillings } from '../../bench/alias-lookup-requests.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { lookUpName } from '../../src/plan/lookup.ts';
import { plainSearch } from '../fixtures/plain-search.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { type ReferenceTree, referenceTree } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

for (const kernel of testKernels) {
  test(`libkmod gives the same modules in the same order for all aliases: ${kernel}`, async (t) => {
    const tree = await referenceTree(kernel);
    const folder = mkdtempSync(join(tmpdir(), 'kmodctl-lookup-'));
    t.teardown(() => {
      rmSync(folder, { recursive: true });
    });
    const program = lookupProgram(await referenceKmod('34.2'), folder);
    const ours = new ModuleTree({ moduleDirectory: tree.directory });
    for (const [name, filling] of Object.entries(fillings)) {
      const requests = [
        ...aliasRequests(tree.directory, filling),
        ...(name === 'digits' ? others(tree) : []),
      ];
      const file = join(folder, name);
      writeFileSync(file, requests.join('\n'), 'latin1');
      const theirs = program.results(tree.directory, file);
      t.is(theirs.length, requests.length);
      const different = requests.flatMap((request, index) => {
        const modules = lookUpName(ours, request).map(({ module }) => module);
        return modules.join(' ') === theirs[index] ? [] : [[request, modules, theirs[index]]];
      });
      t.deepEqual(different, [], `${different.length} of ${requests.length}`);
      t.true(theirs.filter((line) => line !== '').length > 0.9 * requests.length);
    }
  });

  test(`all aliases are found as by comparing each: ${kernel}`, async (t) => {
    const tree = await referenceTree(kernel);
    const bytes = readFileSync(join(tree.directory, 'modules.alias.bin'));
    const index = new ModuleTree({ moduleDirectory: tree.directory }).index('modules.alias.bin');
    const random = pseudoRandom(5);
    for (const filling of Object.values(fillings))
      for (const request of aliasRequests(tree.directory, filling)) {
        // Every key below a wildcard takes its time: a part of them, another one in each tree.
        if (random(20) > 0) continue;
        const text = random(4) === 0 ? damage(request, random) : request.replaceAll('-', '_');
        const found = JSON.stringify(index?.searchWildcard(text));
        if (found !== JSON.stringify(plainSearch(bytes, text))) t.fail(text);
      }
    t.pass();
  });
}

/** What is looked up in the other indexes: names, symbols, builtins, and what nothing has. */
function others({ directory }: ReferenceTree): readonly string[] {
  const columns = (name: string, column: number): readonly string[] =>
    readFileSync(join(directory, name), 'latin1')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/[ :]/)[column] ?? '');
  const names = ['modules.dep', 'modules.builtin'].flatMap((name) =>
    columns(name, 0).map((path) => /([^/.]+)\.ko/.exec(path)?.[1] ?? path),
  );
  const symbols = columns('modules.symbols', 2).map((symbol) => `symbol:${symbol}`);
  return [...names, ...symbols, 'unknown', 'pci:v', 'symbol:unknown', 'net-pf-1', 'crypto-sha256'];
}

/** A request that is wrong in one place, or ends early. */
function damage(request: string, random: (below: number) => number): string {
  const place = random(request.length);
  return request.slice(0, place) + (random(2) === 0 ? '' : `*${request.slice(place + 1)}`);
}
