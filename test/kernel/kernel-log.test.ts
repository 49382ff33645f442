import test from 'ava';

import { parseKernelLogRecord } from '../../src/kernel/kernel-log.ts';

test('a record with properties, several lines and escaped bytes', (t) => {
  const text = '30,340,5690716,-,caller=T1;usb 1-1: caf\\xc3\\xa9 \\x5cx\n SUBSYSTEM=usb\n DEVICE=c189:0\n';
  t.deepEqual(parseKernelLogRecord(text), {
    level: 6,
    facility: 3,
    sequence: 340,
    timestampUs: 5690716,
    message: 'usb 1-1: café \\x',
    properties: { SUBSYSTEM: 'usb', DEVICE: 'c189:0' },
  });
});

test('a plain record of the kernel, and text that is none', (t) => {
  t.like(parseKernelLogRecord('4,7,0,-;Linux; version\n'), {
    level: 4,
    facility: 0,
    message: 'Linux; version',
    properties: {},
  });
  t.is(parseKernelLogRecord(''), undefined);
  t.is(parseKernelLogRecord('hello'), undefined);
});
