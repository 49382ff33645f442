import test, { type ExecutionContext } from 'ava';

import { modinfo, type ModinfoOptions, modinfoSync } from '../../src/api/modinfo.ts';
import { gzipSync } from 'node:zlib';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { moduleImage } from '../fixtures/module-image.ts';

function setUp(t: ExecutionContext): { root: FixtureRoot; folder: string; place: ModinfoOptions } {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const image = moduleImage({ modinfo: ['license=GPL', 'parmtype=n:int'] });
  const folder = root.writeTree({
    modules: {
      first: { path: 'kernel/first.ko', content: image },
      second: { path: 'kernel/second.ko.gz', content: gzipSync(image) },
      gone: { path: 'kernel/gone.ko', isMissing: true },
    },
    aliases: [
      ['usb:*', 'first'],
      ['usb:v1*', 'second'],
    ],
    builtin: ['ext9'],
  });
  return { root, folder, place: { root: root.path, release: RELEASE } };
}

test('modinfo tells of names, aliases and files, alike in both forms', async (t) => {
  const { folder, place } = setUp(t);
  for (const name of ['first', 'second', 'usb:v1', 'ext9', `${folder}/kernel/second.ko.gz`]) {
    const information = await modinfo(name, place);
    t.deepEqual(modinfoSync(name, place), information);
    t.is(information.license, name === 'ext9' ? null : 'GPL');
  }
  t.like(await modinfo('usb:v1', place), { name: 'first', filename: `${folder}/kernel/first.ko` });
  t.like(await modinfo('ext9', place), { name: 'ext9', filename: null, builtin: true });
  const names = (await modinfo(['usb:v1', 'ext9', 'second'], place)).map(({ name }) => name);
  t.deepEqual(names, ['first', 'second', 'ext9', 'second']);
  t.deepEqual(
    modinfoSync(['usb:v1', 'ext9'], place).map(({ name }) => name),
    ['first', 'second', 'ext9'],
  );
});

test('many files are told of in order, whatever unpacks first', async (t) => {
  const { root, place } = setUp(t);
  const files = Array.from({ length: 60 }, (_, index) => {
    const image = moduleImage({ modinfo: [`description=${index}${' '.repeat((60 - index) * 5000)}`] });
    return root.write(`many/m${index}.ko`, index % 3 === 0 ? image : gzipSync(image));
  });
  const found = await modinfo(files, place);
  t.deepEqual(
    found.map(({ description }) => Number.parseInt(description ?? '', 10)),
    files.map((_, index) => index),
  );
});

test('errors say what is wrong and what to do', async (t) => {
  const { folder, place } = setUp(t);
  const expectations: readonly (readonly [string, ModinfoOptions, object])[] = [
    ['furst', place, { code: 'ERR_KMOD_NOT_FOUND', message: /Did you mean "first"/ }],
    ['usb:v1', { ...place, kind: 'name' }, { code: 'ERR_KMOD_NOT_FOUND', message: /it is an alias/ }],
    ['gone', place, { code: 'ERR_KMOD_MODULE_FILE', message: /ENOENT/ }],
    ['/none', place, { code: 'ERR_KMOD_MODULE_FILE' }],
    [`${folder}/modules.dep.bin`, place, { code: 'ERR_KMOD_MODULE_CORRUPT' }],
    ['first', { ...place, kind: 'file' }, { code: 'ERR_KMOD_MODULE_FILE' }],
    ['first', { ...place, release: '0' }, { code: 'ERR_KMOD_INDEX_MISSING' }],
    ['', place, { name: 'TypeError' }],
  ];
  for (const [name, options, expected] of expectations) {
    t.throws(() => modinfoSync(name, options), expected);
    await t.throwsAsync(modinfo(name, options), expected);
  }
  const wrong = { knd: 'name' } as ModinfoOptions;
  t.throws(() => modinfoSync('first', wrong), { message: /did you mean "kind"/ });
  t.throws(() => modinfoSync('first', { kind: 'module' as 'name' }), { message: /one of auto, name/ });
});
