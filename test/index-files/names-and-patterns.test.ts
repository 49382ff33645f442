import { mkdirSync, rmSync } from 'node:fs';

import test from 'ava';

import { matchesAliasPattern } from '../../src/index-files/alias-pattern.ts';
import { moduleName, moduleNameOfPath, normalizeAlias } from '../../src/index-files/module-name.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { parseSoftDependencies } from '../../src/index-files/soft-dependency-file.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { moduleImage } from '../fixtures/module-image.ts';

test('alias patterns match as fnmatch does', (t) => {
  // Each row was compared with the C library's fnmatch(pattern, text, 0).
  const rows: readonly [pattern: string, text: string, expected: boolean][] = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', '.a/b', true],
    ['a*b*c', 'aXXbYYc', true],
    ['a*b*c', 'aXXbYY', false],
    ['a**b', 'ab', true],
    ['?', '', false],
    ['?', '/', true],
    ['a?c', 'abc', true],
    ['[a-c]', 'b', true],
    ['[a-c]', 'd', false],
    ['[!a-c]', 'd', true],
    ['[^a-c]', 'b', false],
    ['[]]', ']', true],
    ['[]-a]', '^', true],
    ['[!]]', ']', false],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[c-a]', 'b', false],
    ['[a', '[a', true],
    ['[a', 'a', false],
    ['x[', 'x[', true],
    ['[', '[', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['\\a', 'a', true],
    ['[\\]]', ']', true],
    ['[a\\-c]', '-', true],
    ['[a\\-c]', 'b', false],
    ['[[:digit:]]', '5', true],
    ['[[:digit:]]', 'x', false],
    ['[[:alpha:][:digit:]_]', '_', true],
    ['[[:punct:]]', '!', true],
    ['[[:cntrl:]]', '\t', true],
    ['[[:upper:]]', 'a', false],
    ['*[0-9]', 'abc7', true],
    ['*a*a*a*a*a*b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
  ];
  for (const [pattern, text, expected] of rows)
    t.is(matchesAliasPattern(pattern, text), expected, `${pattern} on ${text}`);
});

test('many stars cost no more than the product of the lengths', (t) => {
  const started = performance.now();
  t.false(matchesAliasPattern(`${'*a'.repeat(2000)}b`, 'a'.repeat(4000)));
  t.true(performance.now() - started < 5000);
});

test('module names come from file names', (t) => {
  t.is(moduleNameOfPath('kernel/sound/core/snd-pcm.ko.xz'), 'snd_pcm');
  t.is(moduleNameOfPath('/x/foo.bar.ko'), 'foo');
  t.is(moduleNameOfPath('dm-crypt'), 'dm_crypt');
  t.is(moduleName('-'), '_');
});

test('aliases keep what is in brackets', (t) => {
  t.is(normalizeAlias('net-pf-10'), 'net_pf_10');
  t.is(normalizeAlias('usb:v[0-9]-[a-c]x-y'), 'usb:v[0-9]_[a-c]x_y');
  t.is(normalizeAlias('plain'), 'plain');
  t.is(normalizeAlias('a]b'), undefined);
  t.is(normalizeAlias('a[b-'), undefined);
});

test('a module tree: lines, aliases, builtins and both places', (t) => {
  for (const isMerged of [false, true]) {
    const root = new FixtureRoot();
    t.teardown(() => root.remove());
    const directory = root.writeTree({
      isMerged,
      modules: {
        top: { path: 'kernel/top.ko', needs: ['middle', 'bottom'] },
        middle: { path: 'kernel/middle.ko.xz', needs: ['bottom'] },
        bottom: { path: '/opt/elsewhere/bottom.ko' },
      },
      builtin: ['unix'],
      aliases: [['net_pf_[0-9]', 'middle']],
      symbols: [['do_it', 'bottom']],
      builtinAliases: [['net_pf_1', 'unix']],
    });
    const tree = new ModuleTree({ root: root.path, release: RELEASE });
    t.is(tree.directory, directory);
    t.deepEqual(tree.dependencyLine('top'), {
      path: `${directory}/kernel/top.ko`,
      dependencies: ['/opt/elsewhere/bottom.ko', `${directory}/kernel/middle.ko.xz`],
    });
    t.is(tree.dependencyLine('none'), undefined);
    t.true(tree.isBuiltin('unix'));
    t.false(tree.isBuiltin('top'));
    t.deepEqual(tree.modulesOfAlias('net_pf_7'), ['middle']);
    t.deepEqual(tree.modulesOfSymbol('symbol:do_it'), ['bottom']);
    t.deepEqual(tree.builtinsOfAlias('net_pf_1'), ['unix']);
    t.notThrows(() => tree.requireIndexes());
  }
});

test('a tree without indexes names the command that mends it', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const tree = (): ModuleTree => new ModuleTree({ root: root.path, release: RELEASE });
  const command = `depmod -b ${root.path} ${RELEASE}`;
  t.throws(() => tree().requireIndexes(), {
    code: 'ERR_KMOD_INDEX_MISSING',
    message: new RegExp(`does not exist.*${command}`),
  });
  mkdirSync(`${root.path}/lib/modules/${RELEASE}`, { recursive: true });
  t.throws(() => tree().requireIndexes(), {
    code: 'ERR_KMOD_INDEX_MISSING',
    message: new RegExp(`no modules.dep.bin.*${command}`),
  });
  t.is(tree().dependencyLine('x'), undefined);
  t.false(tree().isBuiltin('x'));
  root.write(`lib/modules/${RELEASE}/modules.dep.bin`, '');
  t.throws(() => tree().requireIndexes(), { code: 'ERR_KMOD_INDEX_MISSING' });
  t.throws(() => new ModuleTree({ release: 'none' }).requireIndexes(), { message: /with|run: depmod none$/ });
});

test('where only usr/lib/modules is there, the command that is named mends that', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.write(`usr/lib/modules/${RELEASE}/modules.order`, '');
  const tree = (): ModuleTree => new ModuleTree({ root: root.path, release: RELEASE });
  const message = t.throws(() => tree().requireIndexes()).message;
  const [, words = ''] = /Create it with: depmod (.*)$/.exec(message) ?? [];
  t.is(words, `-b ${root.path}/usr ${RELEASE}`);
  root.write(`usr/lib/modules/${RELEASE}/kernel/a.ko`, moduleImage({ modinfo: [] }));
  t.is((await runCli(root, ['depmod', ...words.split(' ')])).exitCode, 0);
  t.notThrows(() => tree().requireIndexes());
});

const softRows = (text: string): unknown =>
  parseSoftDependencies(text, '/m').map(({ module, pre, post, origin }) => [
    `${origin.file}:${origin.line} ${module}`,
    pre,
    post,
  ]);

test('lines of modules.softdep, those that are none passed over', (t) => {
  t.deepEqual(softRows('# a comment\n\nsoftdep a-b pre: c-d e post: f\nsoftdep g post: h pre: i post: j'), [
    ['/m:3 a_b', ['c-d', 'e'], ['f']],
    ['/m:4 g', ['i'], ['h', 'j']],
  ]);
  // Words before the first marker belong nowhere, but the line counts.
  t.deepEqual(softRows('softdep cifs gcm\n \tsoftdep\tx\ty  pre: \v z\r\nsoftdep b[0-9] pre: c'), [
    ['/m:1 cifs', [], []],
    ['/m:2 x', ['z'], []],
    ['/m:3 b[0-9]', ['c'], []],
  ]);
  t.deepEqual(
    softRows('softdep\nsoftdep a\nsoftdep a \nsoftdep a[ pre: b\n # x\nsoftdepx a pre: b\nalias a b'),
    [],
  );
});

test('a tree reads modules.softdep once, and does without it', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const file = root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep a pre: b\n');
  const options = { root: root.path, release: RELEASE };
  const tree = new ModuleTree(options);
  const lines = tree.softDependencyLines();
  t.deepEqual(lines, [{ module: 'a', pre: ['b'], post: [], origin: { file, line: 1 } }]);
  rmSync(file);
  t.is(tree.softDependencyLines(), lines);
  t.deepEqual(new ModuleTree(options).softDependencyLines(), []);
  mkdirSync(file);
  t.deepEqual(new ModuleTree(options).softDependencyLines(), []);
});
