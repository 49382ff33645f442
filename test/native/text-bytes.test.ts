import { closeSync, readlinkSync } from 'node:fs';

import test from 'ava';

import { byteText, textBytes } from '../../src/native/byte-text.ts';
import { requireParameters } from '../../src/native/call-arguments.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

/** What the addon makes of a text: the bytes of the name that a file in memory has. */
function bytesInKernel(text: string): string {
  const descriptor = nativeBinding().createMemoryFile(text);
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer').toString('latin1').slice('/memfd:'.length);
  } finally {
    closeSync(descriptor);
  }
}

function assertSame(text: string): string | undefined {
  const expected = `${textBytes(text).toString('latin1')} (deleted)`;
  return bytesInKernel(text) === expected ? undefined : JSON.stringify(text);
}

test('the addon makes the same bytes of a text as TypeScript', (t) => {
  const texts = [
    '',
    'a=b',
    '\u00e9\u20ac\uffff\u{1f600}\u{10ffff}',
    '\ud800',
    '\udfffx',
    '\udc7f\ud800\udcff',
    '\udcff',
  ];
  const random = pseudoRandom(8);
  for (let round = 0; round < 2000; round++) {
    const bytes = Array.from({ length: random(20) }, () => 1 + random(random(2) === 0 ? 255 : 127));
    texts.push(byteText(Buffer.from(bytes)));
    const units = Array.from({ length: random(10) }, () => [random(0x80), 0xd780, 0xdb80][random(3)] ?? 0);
    texts.push(String.fromCharCode(...units.map((unit) => 1 + unit + random(0x100))));
  }
  t.deepEqual(
    texts.map(assertSame).filter((wrong) => wrong !== undefined),
    [],
  );
});

test('every byte that is no UTF-8 arrives as it is', (t) => {
  const every = Buffer.from(Array.from({ length: 128 }, (_, index) => 0x80 + index));
  t.is(bytesInKernel(byteText(every)), `${every.toString('latin1')} (deleted)`);
});

test('a limit in bytes counts a byte that is no UTF-8 once', (t) => {
  t.is(requireParameters('parameters', '\udcff'.repeat(4095)).length, 4095);
  t.throws(() => requireParameters('parameters', '\udcff'.repeat(4096)), { message: /has 4096 bytes/ });
  t.throws(() => requireParameters('parameters', '\u00ff'.repeat(2048)), { message: /has 4096 bytes/ });
});
