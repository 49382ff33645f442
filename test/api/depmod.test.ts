import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { depmod, type DepmodOptions, depmodSync } from '../../src/api/depmod.ts';
import { KmodError } from '../../src/errors/kmod-error.ts';
import { openIndexes } from '../../src/index-files/module-indexes.ts';
import { moduleImage } from '../fixtures/module-image.ts';

interface SmallTree {
  readonly root: string;
  readonly directory: string;
  readonly options: DepmodOptions;
}

const RELEASE = '6.1.0-test';

function smallTree(t: ExecutionContext, modules: Readonly<Record<string, Buffer>>): SmallTree {
  const root = mkdtempSync(join(tmpdir(), 'kmodctl-depmod-'));
  t.teardown(() => {
    rmSync(root, { recursive: true });
  });
  const directory = join(root, 'lib/modules', RELEASE);
  mkdirSync(join(directory, 'kernel'), { recursive: true });
  for (const [name, image] of Object.entries(modules)) writeFileSync(join(directory, 'kernel', name), image);
  writeFileSync(join(directory, 'modules.order'), '');
  const options = { root, release: RELEASE, configuration: [], cache: join(root, 'cache') };
  return { root, directory, options };
}

const pair = {
  'base.ko': moduleImage({ exports: [{ name: 'shared', crc: 1 }], modinfo: ['alias=usb:v1*'] }),
  'user.ko': moduleImage({ needs: [{ name: 'shared', crc: 1 }] }),
};

test('depmod writes indexes that openIndexes reads, alike in both forms', async (t) => {
  const { directory, options } = smallTree(t, pair);
  const result = await depmod(options);
  t.like(result, {
    release: RELEASE,
    moduleDirectory: directory,
    moduleCount: 2,
    readCount: 2,
    published: true,
  });
  for (const { name, content } of result.files)
    t.deepEqual(readFileSync(join(directory, name)), Buffer.from(content));
  const indexes = openIndexes({ moduleDirectory: directory });
  t.deepEqual(indexes.dependenciesOf('user')?.dependencies, [join(directory, 'kernel/base.ko')]);
  t.deepEqual(indexes.modulesOfAlias('usb:v1234'), ['base']);
  const again = depmodSync({ moduleDirectory: directory, configuration: [], cache: false });
  t.deepEqual(
    again.files.map(({ name, content }) => [name, Buffer.from(content)]),
    result.files.map(({ name, content }) => [name, Buffer.from(content)]),
  );
  t.deepEqual(again.notices, result.notices);
});

test('notices come as they arise and in the result; a dry run and another folder leave the tree alone', async (t) => {
  const { root, directory, options } = smallTree(t, pair);
  rmSync(join(directory, 'modules.order'));
  const told: unknown[] = [];
  const { notices, published } = await depmod({
    ...options,
    dryRun: true,
    onNotice: (notice) => told.push(notice),
  });
  t.false(published);
  t.deepEqual(told, notices);
  t.regex(notices.map(({ text }) => text).join('\n'), /modules\.order/);
  const outputDirectory = join(root, 'elsewhere');
  await depmod({ ...options, outputDirectory });
  t.true(readFileSync(join(outputDirectory, 'modules.dep')).length > 0);
  t.throws(() => readFileSync(join(directory, 'modules.dep')), { code: 'ENOENT' });
});

test('failures are errors with codes, from the other thread too', async (t) => {
  const { options } = smallTree(t, {
    'a.ko': moduleImage({ exports: [{ name: 'a', crc: 1 }], needs: [{ name: 'b', crc: 1 }] }),
    'b.ko': moduleImage({ exports: [{ name: 'b', crc: 1 }], needs: [{ name: 'a', crc: 1 }] }),
  });
  for (const error of [
    await t.throwsAsync(depmod(options), { code: 'ERR_KMOD_DEPENDENCY_CYCLE' }),
    t.throws(() => depmodSync(options), { code: 'ERR_KMOD_DEPENDENCY_CYCLE' }),
  ])
    t.true(error instanceof KmodError);
  await t.throwsAsync(depmod({ root: '/nonexistent', release: RELEASE }), { code: 'ERR_KMOD_INDEX_MISSING' });
  await t.throwsAsync(depmod({ relase: 'x' } as DepmodOptions), { message: /did you mean "release"/ });
  await t.throwsAsync(depmod({ ...options, jobs: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  await t.throwsAsync(depmod({ ...options, moduleDirectory: '/x/1.0' }), { message: /release/ });
});

test('the event loop goes on meanwhile', async (t) => {
  const { options } = smallTree(t, pair);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await depmod(options);
  clearInterval(timer);
  t.true(ticks > 0);
});

test('what onNotice throws comes back, from the other thread too', async (t) => {
  const { directory, options } = smallTree(t, pair);
  rmSync(join(directory, 'modules.order'));
  let told = 0;
  const onNotice = (): void => {
    told++;
    throw new Error(`notice ${told}`);
  };
  await t.throwsAsync(depmod({ ...options, onNotice }), { message: 'notice 1' });
  t.throws(() => depmodSync({ ...options, onNotice }), { message: 'notice 2' });
  t.is(told, 2);
});

test('lists of the kernel that are no files are not waited for', async (t) => {
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    for (const kind of ['FIFO', '/dev/zero', '/dev/null']) {
      const { directory, options } = smallTree(t, pair);
      for (const list of ['modules.builtin', 'modules.builtin.modinfo'])
        writeFileSync(join(directory, list), '');
      rmSync(join(directory, name));
      if (kind === 'FIFO') execFileSync('mkfifo', [join(directory, name)]);
      else symlinkSync(kind, join(directory, name));
      const { notices, moduleCount } = await depmod(options);
      t.is(moduleCount, 2);
      const text = `could not open ${name} at ${directory}: it is not a regular file`;
      t.deepEqual(
        notices.filter(({ text: each }) => each.startsWith(`could not open ${name} `)),
        kind === '/dev/null' ? [] : [{ priority: 'warning', text }],
        `${name} ${kind}`,
      );
    }
});
