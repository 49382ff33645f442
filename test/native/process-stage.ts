/** A child process for the test of the addon's calls on the process itself. Prints their answers as JSON. */
import { openSync } from 'node:fs';

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
process.stdout.write(JSON.stringify({ log, files }));
