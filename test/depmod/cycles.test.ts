import test from 'ava';

import { componentCycles } from '../../src/depmod/component-cycles.ts';
import { cyclesLikeKmod } from '../../src/depmod/dependency-cycles.ts';
import type { DependencyEdges } from '../../src/depmod/dependency-edges.ts';
import { dependencyOrder } from '../../src/depmod/dependency-order.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { assertLikeKmod, RELEASE, SmallTree, type TreeFiles } from './depmod-comparison.ts';

const kmod = await referenceKmod('34.2');
const args = ['-C', '/dev/null', '-b', 'BASE', RELEASE];

/** Names of modules to those that they need. */
type Graph = Readonly<Record<string, string>>;

function treeOf(graph: Graph): TreeFiles {
  const files = Object.entries(graph).map(([name, needs]) => [
    `kernel/${name}.ko`,
    {
      module: {
        exports: [{ name: `sym_${name}`, crc: 1 }],
        needs: needs.split('').map((need) => ({ name: `sym_${need}`, crc: 1 })),
      },
    },
  ]);
  const order = Object.keys(graph).map((name) => `kernel/${name}.ko\n`);
  return { ...Object.fromEntries(files), 'modules.order': order.join('') };
}

function edgesOf(graph: Graph): DependencyEdges {
  const names = Object.keys(graph);
  const starts = [0];
  const targets: number[] = [];
  const users = new Uint32Array(names.length);
  for (const needs of Object.values(graph)) {
    for (const need of needs) {
      const target = names.indexOf(need);
      targets.push(target);
      users[target] = (users[target] ?? 0) + 1;
    }
    starts.push(targets.length);
  }
  return { starts: Uint32Array.from(starts), targets: Uint32Array.from(targets), users };
}

const graphs: Readonly<Record<string, Graph>> = {
  'three groups': {
    a: 'bfg',
    b: 'cfg',
    c: 'a',
    d: 'e',
    e: 'd',
    f: '',
    g: '',
    h: 'i',
    i: 'j',
    j: 'hk',
    k: 'h',
  },
  'one pair': { x: 'y', y: 'x' },
  itself: { x: 'x', y: '' },
  'behind a user': { u: 'x', x: 'y', y: 'x', z: '' },
  'two ways round': { a: 'bc', b: 'd', c: 'd', d: 'a' },
};
for (const [name, graph] of Object.entries(graphs))
  test(`like kmod: a circle: ${name}`, async (t) => {
    await assertLikeKmod(t, kmod, treeOf(graph), args);
  });

test('like kmod: random circles, where kmod comes to an end', async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const graph = randomGraph(seed);
    const edges = edgesOf(graph);
    const { unordered } = dependencyOrder(edges);
    if (unordered.length === 0 || cyclesLikeKmod(edges, unordered) === undefined) continue;
    compared++;
    await assertLikeKmod(t, kmod, treeOf(graph), args);
  }
  t.true(compared >= 10, String(compared));
});

test('circles that kmod walks round for ever are reported', async (t) => {
  const tree = new SmallTree(treeOf({ x: 'ya', y: 'x', a: 'b', b: 'c', c: 'b' }));
  t.teardown(() => tree.remove());
  t.deepEqual(await tree.run(args), {
    exitCode: 1,
    stdout: '',
    stderr: `depmod: ERROR: Cycle detected: x -> y -> x
depmod: ERROR: Cycle detected: b -> c -> b
depmod: ERROR: Found 4 modules in dependency cycles!
`,
    files: {},
  });
});

test('the circles of groups: all modules of a group are on one that is reported', (t) => {
  for (let seed = 100; seed < 140; seed++) {
    const graph = randomGraph(seed, 12);
    const edges = edgesOf(graph);
    const { unordered } = dependencyOrder(edges);
    const { cycles, moduleCount } = componentCycles(edges, unordered);
    for (const cycle of cycles)
      for (const [index, module] of cycle.slice(0, -1).entries())
        t.true(targetsOf(edges, module).includes(cycle[index + 1] ?? -1));
    t.is(new Set(cycles.flat()).size, moduleCount);
    t.is(moduleCount, unordered.filter((module) => reaches(edges, module, module)).length);
  }
});

test('a large group takes no time', (t) => {
  const count = 3000;
  const targets = new Uint32Array(count * 2);
  for (let module = 0; module < count; module++) {
    targets[module * 2] = (module + 1) % count;
    targets[module * 2 + 1] = (module * 7 + 3) % count;
  }
  const starts = Uint32Array.from({ length: count + 1 }, (_, module) => module * 2);
  const edges = { starts, targets, users: new Uint32Array(count).fill(2) };
  const { cycles, moduleCount } = componentCycles(edges, dependencyOrder(edges).unordered);
  t.is(moduleCount, count);
  t.is(cycles.length, 100);
});

function targetsOf({ starts, targets }: DependencyEdges, module: number): readonly number[] {
  return [...targets.subarray(starts[module], starts[module + 1])];
}

function reaches(edges: DependencyEdges, from: number, to: number): boolean {
  const seen = new Set<number>();
  const queue = [from];
  for (const module of queue)
    for (const target of targetsOf(edges, module)) {
      if (target === to) return true;
      if (seen.size < seen.add(target).size) queue.push(target);
    }
  return false;
}

/** The same graph for the same seed. */
function randomGraph(seed: number, size = 5): Graph {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x8000_0000) * below);
  };
  const names = 'abcdefghijklmnopqrstuvwxyz'.slice(0, size).split('');
  return Object.fromEntries(
    names.map((name) => [
      name,
      [...new Set(Array.from({ length: random(3) }, () => names[random(size)]))].join(''),
    ]),
  );
}
