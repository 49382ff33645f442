import { deepStrictEqual } from 'node:assert';

import {
  parseKernelCommandLine,
  parseModprobeConfiguration,
} from '../../src/config/modprobe-config-reader.ts';
import { byteText, textBytes } from '../../src/native/byte-text.ts';

/** A file of modprobe.d; its bytes are also read as a kernel command line. Nothing in them is an error. */
export function fuzz(data: Buffer): void {
  const text = byteText(data);
  deepStrictEqual(textBytes(text), data);
  for (const compat of [false, true]) {
    parseModprobeConfiguration(text, { file: 'fuzz.conf', compat });
    parseKernelCommandLine(data, { file: '/proc/cmdline', compat });
  }
}
