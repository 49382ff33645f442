import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import { type WatchRecord, watch } from '../../src/index.ts';
import { runChild } from '../native/child-process.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({ modules: { loop: { path: 'loop.ko' } } });
  root.writeKernel([{ name: 'loop' }, { name: 'xor' }]);
  return root;
}

const textOf = (record: WatchRecord): string =>
  'module' in record ? `${record.type} ${record.module}` : record.type;

test('where there are no events the list is compared at an interval', async (t) => {
  const root = setUp(t);
  const watcher = watch({ kernelRoot: root.path, initial: true, pollMs: 10 });
  t.is(watcher.source, 'polling');
  t.regex(watcher.requestsUnavailable ?? '', /^Load requests cannot be seen: there is no event trace in /);
  const heard: string[] = [];
  for (const type of ['added', 'removed', 'notice'] as const)
    watcher.on(type, (record: WatchRecord) => heard.push(textOf(record)));
  const read: WatchRecord[] = [];
  const reading = (async () => {
    for await (const record of watcher) read.push(record);
  })();
  await once(watcher, 'added');
  root.writeKernel([{ name: 'dummy', refcount: 2 }, { name: 'loop' }]);
  root.write('sys/module/dummy/parameters/numdummies', '3\n');
  await once(watcher, 'removed');
  await delay(50);
  t.deepEqual([...watcher.modules], ['loop', 'dummy']);
  await watcher.close();
  await watcher.close();
  await reading;
  const expected = ['notice', 'notice', 'added xor', 'added loop', 'removed xor', 'added dummy'];
  t.deepEqual(read.map(textOf), expected);
  t.deepEqual(heard, expected);
  t.like(read.at(-1), {
    initial: false,
    seen: 'scan',
    sequence: null,
    details: { parameters: { numdummies: '3' } },
  });
  t.like(read[2], { initial: true });
  t.true(watcher.closed);
  for await (const record of watcher) t.fail(record.type);
});

test('a listener that throws keeps nobody else from what was told', async (t) => {
  const root = setUp(t);
  const library = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    const { watch } = await import(${JSON.stringify(library)});
    const watcher = watch({ kernelRoot: ${JSON.stringify(root.path)}, initial: true, requests: false });
    process.once('uncaughtException', (error) => console.log(error.message));
    watcher.once('notice', () => { throw new Error('on purpose'); });
    let left = 3;
    for await (const { type } of watcher) { console.log(type); if (--left === 0) break; }
    watcher.unref(); // and the process ends`;
  const end = await runChild(process.execPath, ['--input-type=module', '-e', program]);
  t.is(end.stderr, '');
  t.is(end.code, 0);
  t.deepEqual(end.stdout.trimEnd().split('\n').sort(), ['added', 'added', 'notice', 'on purpose']);
});

test('without descriptors for a while: nothing is thrown, and nothing lost', async (t) => {
  const root = setUp(t);
  const library = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    import { closeSync, openSync, writeFileSync } from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    const { watch } = await import(${JSON.stringify(library)});
    const root = ${JSON.stringify(root.path)};
    const watcher = watch({ kernelRoot: root, initial: true, requests: false, pollMs: 20 });
    for (const type of ['added', 'removed'])
      watcher.on(type, ({ module, details }) => console.log(type, module, details?.size));
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch ({ code }) { console.log(code); }
    await delay(200);
    for (const each of taken) closeSync(each);
    writeFileSync(root + '/proc/modules', 'loop 16384 0 - Live 0x0\\n');
    await delay(400);
    await watcher.close();`;
  const end = await runChild('sh', [
    '-c',
    'ulimit -n 300; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    program,
  ]);
  t.is(end.stderr, '');
  t.is(end.code, 0);
  t.is(end.stdout, 'EMFILE\nadded xor null\nadded loop null\nremoved xor undefined\n');
});

test('where /sys may not be searched modules are told of all the same', async (t) => {
  const root = setUp(t);
  chmodSync(join(root.path, 'sys/module'), 0);
  chmodSync(root.path, 0o755);
  const library = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    const { watch } = await import(${JSON.stringify(library)});
    if (process.getuid() === 0) process.setuid(65534);
    const watcher = watch({ kernelRoot: ${JSON.stringify(root.path)}, initial: true, requests: false });
    for await (const { type, module, details } of watcher)
      if (type === 'added') { console.log(module, details); break; }
    await watcher.close();`;
  const end = await runChild(process.execPath, ['--input-type=module', '-e', program]);
  chmodSync(join(root.path, 'sys/module'), 0o755);
  t.deepEqual([end.stderr, end.code, end.stdout], ['', 0, 'xor null\n']);
});

test('ends: by a signal, by a break with using, from within a listener', async (t) => {
  const root = setUp(t);
  const place = { kernelRoot: root.path, pollMs: 5 };
  const watcher = watch({ ...place, signal: AbortSignal.timeout(30) });
  const types = [];
  for await (const { type } of watcher) types.push(type);
  t.deepEqual(types, ['notice', 'notice']);
  t.throws(() => watch({ ...place, signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
  const closing = watch({ ...place, initial: true });
  const heard: string[] = [];
  closing.on('added', ({ module }) => {
    heard.push(module);
    void closing.close();
  });
  await once(closing, 'close');
  await delay(30);
  t.deepEqual(heard, ['xor']);
  await using other = watch(place);
  for await (const { type } of other) if (type === 'notice') break;
  t.false(other.closed);
});

test('wrong arguments, and what is demanded and cannot be', (t) => {
  const root = setUp(t);
  const place = { kernelRoot: root.path };
  t.throws(() => watch({ ...place, detials: true } as object), { message: /did you mean "details"/ });
  t.throws(() => watch({ ...place, requests: 'all' as 'auto' }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => watch({ ...place, pollMs: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => watch({ ...place, signal: {} as AbortSignal }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => watch({ ...place, requests: true }), {
    code: 'ERR_KMOD_WATCH',
    message: /mount -t tracefs/,
  });
  root.write('sys/kernel/security/lockdown', 'none integrity [confidentiality]\n');
  t.throws(() => watch({ ...place, requests: true }), { code: 'ERR_KMOD_WATCH', message: /locked down/ });
  const empty = new FixtureRoot();
  t.teardown(() => empty.remove());
  t.throws(() => watch({ kernelRoot: empty.path }), { code: 'ERR_KMOD_PROC' });
});
