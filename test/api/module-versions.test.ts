import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { depmodSync, moduleVersions, readModuleFileSync } from '../../src/index.ts';
import { moduleImage } from '../fixtures/module-image.ts';

test('what cannot be read is no witness of versions, and does not end the search for them', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'kmodctl-versions-'));
  t.teardown(() => {
    rmSync(root, { recursive: true });
  });
  const moduleDirectory = join(root, 'lib/modules/6.1.0-test');
  const kernel = join(moduleDirectory, 'kernel');
  mkdirSync(kernel, { recursive: true });
  writeFileSync(
    join(kernel, 'base.ko'),
    moduleImage({ modinfo: ['license=GPL'], exports: [{ name: 'shared', crc: 7 }] }),
  );
  writeFileSync(
    join(kernel, 'user.ko'),
    moduleImage({
      modinfo: ['license=GPL'],
      needs: [
        { name: 'shared', crc: 7 },
        { name: 'other', crc: 8 },
      ],
    }),
  );
  depmodSync({ moduleDirectory, configuration: [], cache: false });
  const ask = async (): Promise<unknown> =>
    (await moduleVersions('user', { moduleDirectory, kernelRoot: root })).needs.map(({ name, kernelCrc }) => [
      name,
      kernelCrc,
    ]);
  const sound = [
    ['shared', 7],
    ['other', null],
  ];
  t.deepEqual(await ask(), sound);

  mkdirSync(join(moduleDirectory, 'build/Module.symvers'), { recursive: true });
  t.deepEqual(await ask(), sound);

  const damaged = moduleImage({ modinfo: ['license=GPL'], exports: [{ name: 'shared', crc: 7 }] });
  const path = join(kernel, 'base.ko');
  const { offset = 0, size = 0 } =
    readModuleFileSync(path).sections.find(({ name }) => name === '.symtab') ?? {};
  damaged.fill(0xff, offset + 24, offset + size);
  writeFileSync(path, damaged);
  t.throws(() => readModuleFileSync(path).exports, { code: 'ERR_KMOD_MODULE_CORRUPT' });
  t.deepEqual(await ask(), [
    ['shared', null],
    ['other', null],
  ]);
});

test('wrong options of moduleVersions are named', async (t) => {
  const wrong = { thorugh: true } as object;
  await t.throwsAsync(moduleVersions('x', null as unknown as object), {
    message: 'The "options" argument must be an object. Received null',
  });
  await t.throwsAsync(moduleVersions('x', wrong), { message: /did you mean "thorough"/ });
});
