import test from 'ava';

import { parseModuleEvent, parseUevent } from '../../src/kernel/uevent.ts';

const message = (...lines: readonly string[]): Buffer => Buffer.from([...lines, ''].join('\0'), 'latin1');

/** As Linux 6.12 sends it. */
const added = message(
  'add@/module/kmodctl_small',
  'ACTION=add',
  'DEVPATH=/module/kmodctl_small',
  'SUBSYSTEM=module',
  'SEQNUM=770',
);
const synthetic = [
  'add@/module/loop',
  'ACTION=add',
  'DEVPATH=/module/loop',
  'SUBSYSTEM=module',
  'SYNTH_UUID=0',
  'SEQNUM=823',
];

test("the kernel's messages about modules", (t) => {
  t.deepEqual(parseModuleEvent(added), { action: 'add', module: 'kmodctl_small', sequence: 770 });
  const removed = Buffer.from(added.toString('latin1').replaceAll('add', 'remove'), 'latin1');
  t.deepEqual(parseModuleEvent(removed), { action: 'remove', module: 'kmodctl_small', sequence: 770 });
  const { action, devicePath, variables } = parseUevent(added) ?? {};
  t.deepEqual([action, devicePath], ['add', '/module/kmodctl_small']);
  t.is(variables?.get('SUBSYSTEM'), 'module');
});

test('what is no coming or going of a module', (t) => {
  const device =
    'add@/devices/virtual/net/lo ACTION=add DEVPATH=/devices/virtual/net/lo SUBSYSTEM=net SEQNUM=1';
  t.truthy(parseUevent(message(...device.split(' '))));
  t.is(parseModuleEvent(message(...device.split(' '))), undefined);
  t.is(parseModuleEvent(message(...synthetic)), undefined, 'somebody wrote to a file uevent');
  t.truthy(parseModuleEvent(message(...synthetic.filter((line) => !line.startsWith('SYNTH')))));
  for (const [from, to] of [
    [/add/g, 'change'],
    [/SUBSYSTEM=module/, 'SUBSYSTEM=drivers'],
    [/SUBSYSTEM=module\0/, ''],
    [/kmodctl_small/g, 'a/b'],
    [/kmodctl_small/g, '..'],
    [/kmodctl_small/g, ''],
    [/add@/, 'remove@'],
    [/DEVPATH=\/module/, 'DEVPATH=/other'],
    [/ACTION=add/, 'ACTION'],
    [/ACTION=add/, '=add'],
    [/add@/, '@'],
    [/add@/, ''],
  ] as const)
    t.is(
      parseModuleEvent(Buffer.from(added.toString('latin1').replace(from, to), 'latin1')),
      undefined,
      `${from}`,
    );
});

test('messages that are cut, or not of the kernel', (t) => {
  for (let length = 0; length < added.length; length++) {
    const event = parseModuleEvent(added.subarray(0, length));
    // A whole variable less is a message of another kind, and none where it lacks the subsystem.
    if (event !== undefined) t.deepEqual(event, { action: 'add', module: 'kmodctl_small', sequence: null });
  }
  const udev = Buffer.concat([Buffer.from('libudev\0\xfe\xed\xca\xfe', 'latin1'), added]);
  t.is(parseUevent(udev), undefined);
  t.is(parseUevent(Buffer.alloc(0)), undefined);
  t.is(parseUevent(Buffer.alloc(100)), undefined);
  for (const number of ['', '-1', '1e3', '9'.repeat(16), 'x'])
    t.is(
      parseModuleEvent(Buffer.from(added.toString('latin1').replace('770', number), 'latin1'))?.sequence,
      null,
    );
});
