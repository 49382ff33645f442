import test from 'ava';

import { parseLoadedModules } from '../../src/kernel/loaded-module.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import {
  hasModuleFolder,
  kernelCompression,
  moduleCoreSize,
  moduleHolders,
  moduleRefcount,
  moduleState,
} from '../../src/kernel/module-state.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

// Lines in the form of the kernel, with each state and each kind of user list.
const text = `virtio_console 45056 1 - Live 0xffffffffc0370000
fail_mod 16384 1 - Loading 0xffffffffc0365000 (OE+)
xor 24576 1 btrfs, Live 0x0000000000000000
going_mod 16384 -1 - Unloading 0xffffffffc0360000 (OE-)
phylink 40960 2 stmmac,pcs, Live 0xffffffffc0350000
vrf 32768 0 [permanent], Live 0xffffffffc0340000
both 32768 1 user,[permanent], Live 0xffffffffc0330000 (P)
kept 4096 - - Live 0xffffffffc0320000
`;

test('lines of /proc/modules become records', (t) => {
  const modules = parseLoadedModules(text);
  t.deepEqual(modules[0], {
    name: 'virtio_console',
    size: 45_056,
    refcount: 1,
    users: [],
    permanent: false,
    state: 'live',
    address: '0xffffffffc0370000',
    taints: '',
  });
  t.deepEqual(
    modules.map(({ state, taints, refcount }) => [state, taints, refcount]),
    [
      ['live', '', 1],
      ['coming', 'OE', 1],
      ['live', '', 1],
      ['going', 'OE', -1],
      ['live', '', 2],
      ['live', '', 0],
      ['live', 'P', 1],
      ['live', '', null],
    ],
  );
  t.is(modules[2]?.address, null);
  t.deepEqual(
    modules.map(({ users, permanent }) => [users, permanent]),
    [
      [[], false],
      [[], false],
      [['btrfs'], false],
      [[], false],
      [['stmmac', 'pcs'], false],
      [[], true],
      [['user'], true],
      [[], false],
    ],
  );
});

test('a line of another form is reported with its number', (t) => {
  const bad = ['a 1 0 -', 'a x 0 - Live 0x0', 'a 1 0 - Alive 0x0', '', 'a 1 0 - Live 0x0 (OE'];
  for (const line of bad)
    t.throws(() => parseLoadedModules(`ok 1 0 - Live 0x0\n${line}\nok 1 0 - Live 0x0\n`, '/p'), {
      code: 'ERR_KMOD_PROC',
      message: /^\/p:2: /,
    });
  t.deepEqual(parseLoadedModules(''), []);
});

test('the list is read from the given root, also when it is long', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const names = Array.from({ length: 900 }, (_, index) => `module_with_a_long_name_${index}`);
  root.writeKernel([]);
  root.write('proc/modules', names.map((name) => `${name} 4096 0 - Live 0x0\n`).join(''));
  t.deepEqual(
    loadedModules({ root: root.path }).map(({ name }) => name),
    names,
  );
});

test('a list that changes while it is read has no module twice, and all that stay', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const location = { root: root.path };
  root.writeKernel(['new3', 'first', 'second', 'third'].map((name) => ({ name })));
  const reading = (passes: readonly (readonly string[])[]): readonly string[] => {
    let pass = 0;
    return loadedModules(location, () => {
      const names = passes[Math.min(pass++, passes.length - 1)] ?? [];
      return { text: names.map(listLine).join(''), pieces: 2 };
    }).map(({ name }) => name);
  };
  const stable = ['first', 'second', 'third'];
  // A load between two pieces doubles a line, an unload drops one: read again until two passes agree.
  t.deepEqual(reading([['first', 'first', 'second', 'third'], ['second', 'third'], stable, stable]), stable);
  // Changes in step with the reading: two passes agree, and are wrong.
  const doubled = ['first', 'second', 'third', 'third'];
  t.deepEqual(reading([doubled, doubled, stable, stable]), stable);
  t.deepEqual(
    reading([['first', 'first', 'second', 'third'], ['first', 'third'], ['first', 'third'], stable, stable]),
    stable,
  );
  // It never comes to rest: what is still there counts, each in its place; what is gone does not.
  let pass = 0;
  const restless = loadedModules(location, () => {
    pass++;
    const names =
      pass % 2 === 1 ? [`new${pass}`, 'first', 'third', 'third'] : ['gone', 'first', 'second', 'third'];
    return { text: names.map(listLine).join(''), pieces: 3 };
  });
  t.is(pass, 10);
  const names = restless.map(({ name }) => name);
  t.deepEqual(
    names.filter((name) => stable.includes(name)),
    stable,
  );
  t.deepEqual(
    names.filter((name) => !stable.includes(name)),
    ['new3'],
  );
});

test('without a list: a kernel without modules, or no /proc', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  t.throws(() => loadedModules({ root: root.path }), { code: 'ERR_KMOD_PROC', message: /mount -t proc/ });
  root.write('proc/version', 'Linux\n');
  t.throws(() => loadedModules({ root: root.path }), {
    code: 'ERR_KMOD_NO_MODULE_SUPPORT',
    message: /CONFIG_MODULES=n/,
  });
});

test('the folder of a module tells its state', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const location = { root: root.path };
  root.writeKernel([{ name: 'xor', refcount: 2, users: ['btrfs', 'raid456'] }], 'xz');
  root.write('sys/module/kernel/parameters/panic', '0\n');
  root.write('sys/module/odd/initstate', 'sleeping\n');
  t.is(moduleState('xor', location), 'live');
  t.is(moduleRefcount('xor', location), 2);
  t.is(moduleCoreSize('xor', location), 16_384);
  t.deepEqual(moduleHolders('xor', location).toSorted(), ['btrfs', 'raid456']);
  t.is(moduleState('kernel', location), undefined);
  t.true(hasModuleFolder('kernel', location));
  t.throws(() => moduleState('odd', location), { code: 'ERR_KMOD_PROC', message: /"sleeping"/ });
  t.is(kernelCompression(location), 'xz');
  t.is(kernelCompression({ root: '/nonexistent' }), undefined);
  for (const name of ['none', '', '..', 'a/b', '../xor', 'x\0y', 'n'.repeat(300)]) {
    t.is(moduleState(name, location), undefined, name);
    t.is(moduleRefcount(name, location), undefined);
    t.deepEqual(moduleHolders(name, location), []);
    t.false(hasModuleFolder(name, location));
  }
});

function listLine(name: string): string {
  return `${name} 4096 0 - Live 0x0\n`;
}
