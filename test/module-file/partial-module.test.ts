import { writeFileSync } from 'node:fs';
import test from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { ElfImage } from '../../src/module-file/elf-image.ts';
import { modinfoOfImage } from '../../src/module-file/modinfo-file.ts';
import {
  readModuleBytesSync,
  readTellingBytes,
  readTellingBytesSync,
} from '../../src/module-file/module-bytes.ts';
import { readSignature } from '../../src/module-file/module-signature.ts';
import { neededSymbols } from '../../src/module-file/needed-symbol.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { buildModule } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { appendSignature, signatureSample } from '../fixtures/signature-samples.ts';

const LIMIT = 2 ** 28;
const CODE = 2 ** 21;

const large = buildModule({
  modinfo: ['name=large', 'license=GPL', 'depends=other', 'vermagic=6.99.0 SMP '],
  needs: [
    { name: '_printk', crc: 1 },
    { name: 'other_call', crc: 2, weak: true },
  ],
  versions: [{ name: 'module_layout', crc: 3 }],
  exports: [{ name: 'large_call', crc: 4, namespace: 'SPACE' }],
  versionSections: 'both',
  buildId: '0123456789abcdef',
  sections: [{ name: '.init.text', data: Buffer.alloc(CODE, 0x90) }],
});
const signed = appendSignature(large.bytes, signatureSample('rsa'));

/** All that is told about a module without its code, or the error. */
function told(bytes: Buffer): unknown {
  try {
    const image = new ElfImage(bytes, 'some.ko');
    return {
      sections: image.sections(),
      needs: neededSymbols(image),
      modinfo: modinfoOfImage(bytes, 'some.ko'),
      signature: readSignature(bytes),
    };
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    return error.message;
  }
}

test('of a large module what tells about it is read, and its code is not', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const path = root.write('large.ko', signed);
  const whole = readModuleBytesSync(path, LIMIT);
  const part = readTellingBytesSync(path, LIMIT);
  t.true(part.equals(await readTellingBytes(path, LIMIT)));
  t.is(part.length, whole.length);
  const code = large.dataOf('.init.text');
  t.true(part.subarray(code, code + CODE).equals(Buffer.alloc(CODE)));
  t.deepEqual(told(part), told(whole));
});

test('a damaged file is told of as it is when it is read as a whole', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const path = root.write('damaged.ko', signed);
  const below = pseudoRandom(20);
  const headers = large.headerOf('.init.text');
  for (let round = 0; round < 120; round++) {
    const bytes = Buffer.from(signed);
    for (let change = 0; change <= below(3); change++) {
      const place = below(4) === 0 ? below(64) : headers + below(large.bytes.length - headers);
      bytes[place] = below(2) === 0 ? below(256) : (bytes[place] ?? 0) ^ (1 << below(8));
    }
    writeFileSync(path, below(8) === 0 ? bytes.subarray(0, bytes.length - below(3000)) : bytes);
    t.deepEqual(
      told(readTellingBytesSync(path, LIMIT)),
      told(readModuleBytesSync(path, LIMIT)),
      `round ${round}`,
    );
  }
});

test('small and other files are read as a whole', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const small = buildModule({ modinfo: ['license=GPL'] }).bytes;
  for (const content of [small, Buffer.alloc(CODE, 0x41), buildModule({ ...bigEndian }).bytes]) {
    const path = root.write('other.ko', content);
    t.true(readTellingBytesSync(path, LIMIT).equals(content));
  }
  t.is(readTellingBytesSync(root.write('empty.ko', ''), LIMIT).length, 0);
});

const bigEndian = {
  littleEndian: false,
  machine: 21,
  sections: [{ name: '.init.text', data: Buffer.alloc(CODE, 1) }],
} as const;
