import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import test from 'ava';

import { GuestConsole } from '../../vm/guest-console.ts';
import { elapsed } from '../../vm/patience.ts';
import { encodeFrame, FrameDecoder } from '../../vm/protocol/frame.ts';
import { fromRemoteError, toRemoteError } from '../../vm/protocol/remote-error.ts';
import { chooseAccelerator } from '../../vm/qemu/accelerator.ts';
import { QmpConnection } from '../../vm/qemu/qmp.ts';
import { VmError } from '../../vm/vm-error.ts';

test('frames: cut at every place, they come out whole', (t) => {
  const payload = Buffer.from([0, 1, 2, 255]);
  const bytes = Buffer.concat([encodeFrame({ id: 1, text: 'ä' }, payload), encodeFrame({ id: 2 })]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const decoder = new FrameDecoder();
    const frames = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
    t.deepEqual(
      frames.map(({ head, payload: content }) => [head, [...content]]),
      [
        [{ id: 1, text: 'ä' }, [...payload]],
        [{ id: 2 }, []],
      ],
    );
  }
});

test('frames: what is none is refused', (t) => {
  t.throws(() => new FrameDecoder().push(Buffer.alloc(16, 0xff)), { message: /not a frame/ });
  t.throws(() =>
    new FrameDecoder().push(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), Buffer.from('{')])),
  );
});

test('errors cross the line with their properties and causes', (t) => {
  const error = Object.assign(new TypeError('no', { cause: new Error('why') }), {
    code: 'E',
    list: [1],
    skip: () => {},
  });
  const copy = fromRemoteError(
    JSON.parse(JSON.stringify(toRemoteError(error))) as ReturnType<typeof toRemoteError>,
  );
  t.like(copy, { name: 'TypeError', message: 'no', code: 'E', list: [1], guestStack: error.stack });
  t.like(copy.cause, { message: 'why' });
  t.false('skip' in copy);
  t.is(fromRemoteError(toRemoteError('text')).message, 'a value was thrown that is no Error: text');
});

const facts = {
  environment: {},
  cpuinfo: 'processor : 0\nflags\t\t: fpu vmx sse\n',
  loadedModules: (name: string) => name === 'kvm_intel',
  deviceAccessible: () => true,
};

test('the accelerator: KVM only where a kernel can run under it', (t) => {
  t.like(chooseAccelerator(facts), { accelerator: 'kvm', forced: false });
  t.like(chooseAccelerator({ ...facts, deviceAccessible: () => false }), { accelerator: 'tcg' });
  t.like(chooseAccelerator({ ...facts, cpuinfo: 'flags : fpu sse\n' }), { accelerator: 'tcg' });
  t.like(chooseAccelerator({ ...facts, cpuinfo: 'flags : fpu vmxish\n' }), { accelerator: 'tcg' });
  t.like(chooseAccelerator({ ...facts, loadedModules: () => false }), { accelerator: 'tcg' });
  const nested = chooseAccelerator({
    ...facts,
    loadedModules: (name) => name === 'kvm_pvm' || name === 'kvm_intel',
  });
  t.is(nested.accelerator, 'tcg');
  t.regex(nested.reason, /kvm_pvm/);
  t.like(chooseAccelerator({ ...facts, environment: { KMODCTL_VM_ACCEL: 'tcg' } }), {
    accelerator: 'tcg',
    forced: true,
  });
  t.like(chooseAccelerator({ ...facts, environment: { KMODCTL_VM_ACCEL: 'probe' } }), {
    accelerator: 'kvm',
    forced: false,
  });
  t.throws(() => chooseAccelerator({ ...facts, environment: { KMODCTL_VM_ACCEL: 'x' } }), {
    instanceOf: VmError,
  });
});

test('the console: alarms are the kernel’s own lines only', async (t) => {
  const stream = new PassThrough();
  const guestConsole = new GuestConsole(stream, 'before\n');
  stream.write('a program says: Kernel panic - not syncing: no\r\n');
  stream.write('[    1.234567] BUG: kernel NULL poin');
  stream.write(
    'ter dereference, address: 8\r\n[    1.234600] Kernel panic - not syncing: Fatal exception\r\n',
  );
  stream.write('[   30.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n');
  await sleep(10);
  t.deepEqual(
    guestConsole.alarms.map(({ kind }) => kind),
    ['oops', 'panic', 'stalled'],
  );
  t.is(guestConsole.contents().split('\n')[0], 'before');
  t.is(guestConsole.tail(1)[0], 'before'); // from before the first alarm on
  for (const alarm of guestConsole.alarms) if (alarm.kind !== 'panic') guestConsole.dismiss(alarm);
  t.deepEqual(
    guestConsole.alarms.map(({ kind }) => kind),
    ['panic'],
  );
});

test('patience: a time in which this process stood still does not count', async (t) => {
  const started = performance.now();
  const wait = elapsed(1200, new AbortController().signal);
  const freeze = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(freeze, 0, 0, 2500);
  await wait;
  t.true(performance.now() - started >= 2500 + 190, 'the rest comes after the pause');
  const ended = new AbortController();
  const never = elapsed(50, ended.signal).then(() => 'elapsed');
  ended.abort();
  t.is(await Promise.race([never, sleep(200, 'ended')]), 'ended');
});

test('QMP: answers are paired, refusals named, and the end of QEMU rejects', async (t) => {
  const sent: string[] = [];
  const socket = new PassThrough();
  socket.write = ((text: string) => sent.push(text) > 0) as typeof socket.write;
  const qmp = new QmpConnection(socket);
  const receive = (text: string): boolean => socket.emit('data', text);
  const first = qmp.execute('a');
  const second = qmp.execute('b', { x: 1 });
  const third = qmp.execute('c');
  receive('{"QMP": {}}\n{"event": "STOP"}\n{"id": 2, "return": {"y"');
  receive(': 2}}\n{"id": 1, "error": {"desc": "not now"}}\n');
  t.deepEqual(await second, { y: 2 });
  await t.throwsAsync(first, { message: 'QEMU refused a: not now' });
  socket.emit('close');
  await t.throwsAsync(third, { message: /closed/ });
  await t.throwsAsync(qmp.execute('d'), { message: /closed/ });
  t.deepEqual(
    sent.map((text) => (JSON.parse(text) as { execute: string }).execute),
    ['a', 'b', 'c'],
  );
});
