import test from 'ava';

import { parseTraceLine, TraceLines } from '../../src/kernel/watch/trace-lines.ts';

// As Linux 6.1 and 6.12 write them.
const MOUNT =
  '           mount-243     [000] .....   123.456789: module_request: fs-nosuchfs wait=1 call_site=get_fs_type';
const IN_MODULE =
  '           a b-c-77      [011] ...1.  1123.000001: module_request: net-pf-10-proto-132 wait=0 call_site=inet6_create [ipv6]';

const mount = {
  name: 'fs-nosuchfs',
  wait: true,
  comm: 'mount',
  pid: 243,
  callSite: 'get_fs_type',
  seconds: 123.456789,
};

test('requests in the trace', (t) => {
  t.deepEqual(parseTraceLine(MOUNT), mount);
  t.deepEqual(parseTraceLine(IN_MODULE), {
    name: 'net-pf-10-proto-132',
    wait: false,
    comm: 'a b-c',
    pid: 77,
    callSite: 'inet6_create [ipv6]',
    seconds: 1123.000001,
  });
  for (const line of [
    '',
    'CPU:0 [LOST 12 EVENTS]',
    MOUNT.replace('module_request', 'module_load'),
    MOUNT.slice(1, 60),
  ])
    t.is(parseTraceLine(line), undefined, line);
});

test('a trace in pieces, cut anywhere', (t) => {
  const text = `${MOUNT}\nCPU:1 [LOST 12 EVENTS]\n# odd line\n${IN_MODULE}\n`;
  for (let cut = 0; cut <= text.length; cut++) {
    const lines = new TraceLines();
    const parts = [lines.push(text.slice(0, cut)), lines.push(text.slice(cut))];
    t.deepEqual(
      parts.flatMap(({ requests }) => requests.map(({ name }) => name)),
      ['fs-nosuchfs', 'net-pf-10-proto-132'],
    );
    t.is(parts[0]!.lost + parts[1]!.lost, 12);
  }
});

test('a name that looks like lines of the trace makes no request of its own', (t) => {
  // A mount of an odd type: a name has at most 55 bytes.
  const names = [
    'fs-a\nb',
    'fs-\n\n',
    'fs-x wait=1 call_site=y\na-1 [000] .... 1.0: x: y',
    'fs-\n a-1 [000] ..... 1.000000: module_request: z wait=1',
  ];
  for (const name of names) {
    const lines = new TraceLines();
    const { requests } = lines.push(`${MOUNT.replace('fs-nosuchfs', name)}\n${MOUNT}\n`);
    t.true(
      requests.every(({ comm, pid }) => comm === 'mount' && pid === 243),
      name,
    );
    t.is(requests.length, 2, name);
    t.deepEqual(requests.at(-1), mount, name);
  }
  const whole = new TraceLines().push(`${MOUNT.replace('fs-nosuchfs', 'fs-a\nb')}\n`);
  t.deepEqual(whole.requests, [{ ...mount, name: 'fs-a\nb' }]);
});

test('endless lines are given up', (t) => {
  const lines = new TraceLines();
  for (let count = 0; count < 1000; count++) lines.push('x'.repeat(100));
  t.deepEqual(lines.push(`\n${MOUNT}\n`).requests, [mount]);
  t.deepEqual(lines.push(`${MOUNT.slice(0, -10)}${'\nx'.repeat(3000)}\n${MOUNT}\n`).requests.at(-1), mount);
});
