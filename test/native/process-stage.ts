/** A child process for the test of the addon's calls on the process itself. Prints their answers as JSON. */
import { openSync } from 'node:fs';

import { listRequest } from '../../src/kernel/netlink-message.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';

const binding = nativeBinding();
const text = `${'long '.repeat(30_000)}\n`;
const log = [
  binding.writeSystemLog('modprobe', 3, 'ERROR: short\n'),
  binding.writeSystemLog('rmmod', 7, '%s%n is no format'),
  binding.writeSystemLog('', 0, ''),
  binding.writeSystemLog('modprobe', 4, 'cut at\0NUL'),
  binding.writeSystemLog('modprobe', 4, text),
  binding.writeSystemLog('modprobe', 8, 'no priority'),
  binding.writeSystemLog('modprobe', -1, 'no priority'),
];
const first = openSync('/dev/null', 'r');
const second = openSync('/dev/null', 'r');
const files = [
  binding.compareOpenFiles(first, first),
  binding.compareOpenFiles(first, second) > 0 ? 'apart' : 'alike',
  binding.compareOpenFiles(first, 10_000),
  binding.compareOpenFiles(-1, -1),
];
const attribute = binding.readAttribute('/dev/null', 'user.none');
const questions = [
  // A list of all interfaces; a request that nobody knows; a protocol that does not exist.
  typeof binding.askNetlink(0, listRequest(18, Buffer.alloc(16))) === 'number' ? 'refused' : 'answered',
  binding.askNetlink(0, listRequest(0xffff, Buffer.alloc(0))),
  binding.askNetlink(1000, Buffer.alloc(16)),
  typeof attribute === 'number' && attribute < 0 ? 'refused' : attribute,
  binding.readAttribute('/does/not/exist', 'system.sockprotoname'),
  binding.controlDevice(first, 0xc1_38_fd_0c, Buffer.alloc(512)),
  binding.controlDevice(-1, 0xc1_38_fd_0c, Buffer.alloc(512)),
];
process.stdout.write(JSON.stringify({ log, files, questions }));
