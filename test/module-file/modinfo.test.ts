import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import test, { type ExecutionContext } from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { splitSoftDependencies } from '../../src/module-file/modinfo-dependency.ts';
import { type ModinfoOfFile, ModinfoReader } from '../../src/module-file/modinfo-file.ts';
import { bytesOfText, parseModinfo, textOfBytes } from '../../src/module-file/modinfo-section.ts';
import { signatureEntries } from '../../src/module-file/modinfo-signature.ts';
import { summarizeModinfo } from '../../src/module-file/modinfo-summary.ts';
import { listParameters } from '../../src/module-file/parameter-list.ts';
import { typedParameter } from '../../src/module-file/parameter-type.ts';
import { buildModule, moduleImage } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const modinfo = ['license=GPL', 'alias=a', 'alias=b', 'parm=n:How many', 'parmtype=n:int', 'depends='];
const buildId = '0123456789abcdef0123456789abcdef01234567';

const entriesOf = (text: string): readonly string[] =>
  parseModinfo(Buffer.from(text, 'latin1')).map(({ key, value }) => `${key}|${value}`);

function setUpFolder(t: ExecutionContext): (name: string, content: Uint8Array) => string {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-modinfo-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return (name, content) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
}

test('entries: padding, repeated keys, no end, no value, any bytes', (t) => {
  t.deepEqual(entriesOf(''), []);
  t.deepEqual(entriesOf('\0\0\0'), []);
  t.deepEqual(entriesOf('\0\0a=1\0\0\0a=2\0b=x=y\0'), ['a|1', 'a|2', 'b|x=y']);
  t.deepEqual(entriesOf('a=1\0last'), ['a|1', 'last|']);
  t.deepEqual(entriesOf('=v\0=\0key=\0'), ['|v', '|', 'key|']);
  t.deepEqual(entriesOf('a=\xff\n\t\x01'), ['a|\xff\n\t\x01']);
});

test('a megabyte of entries takes no time that grows with its square', (t) => {
  const section = Buffer.alloc(1_000_000);
  for (let index = 0; index < section.length; index += 2) section[index] = 0x61;
  t.is(parseModinfo(section).length, 500_000);
  t.is(parseModinfo(Buffer.alloc(1_000_000)).length, 0);
  const parameters = Array.from({ length: 100_000 }, (_, n) => ({ key: 'parm', value: `p${n}:d` }));
  t.is(listParameters([...parameters, ...parameters]).parameters.length, 100_000);
});

test('text of bytes: UTF-8 where it is that, otherwise Latin-1, and back', (t) => {
  t.is(textOfBytes('plain'), 'plain');
  t.is(textOfBytes('J\xc3\xb6rg'), 'Jörg');
  t.is(textOfBytes('J\xf6rg'), 'Jörg');
  t.is(bytesOfText('Jörg'), 'J\xc3\xb6rg');
});

test('parameters are merged by name, the last entry counts, the order is reversed', (t) => {
  const { parameters, malformed } = listParameters(
    parseModinfo(
      Buffer.from(
        'parm=a:first\0parmtype=b:int\0parm=b:bee\0parmtype=c:array of charp\0parm=a:x:y\0parmtype=a:uint\0' +
          'parmtype=a:bool\0parm=d:\0alias=z:z\0parm=none\0parmtype=\0parm\0',
      ),
    ),
  );
  t.deepEqual(parameters.map(typedParameter), [
    { name: 'd', type: null, array: false, description: '' },
    { name: 'c', type: 'charp', array: true, description: null },
    { name: 'b', type: 'int', array: false, description: 'bee' },
    { name: 'a', type: 'bool', array: false, description: 'x:y' },
  ]);
  t.deepEqual(
    malformed.map(({ key, value }) => `${key}=${value}`),
    ['parm=none', 'parmtype=', 'parm='],
  );
});

test('soft dependencies: words before a marker belong nowhere', (t) => {
  t.deepEqual(splitSoftDependencies(['pre: a  b post: c', 'gcm ccm', 'post: d pre: e']), {
    pre: ['a', 'b', 'e'],
    post: ['c', 'd'],
  });
});

test('a summary has every field, and what it has no type for', (t) => {
  const module = { module: 'x', path: null, builtin: true };
  const empty = summarizeModinfo(module, { entries: [], signature: undefined, buildId: undefined });
  t.is(Object.values(empty).filter((value) => value === undefined).length, 0);
  t.like(empty, { name: 'x', filename: null, builtin: true, license: null, signature: null, fields: {} });
  const full = summarizeModinfo(module, {
    entries: parseModinfo(
      Buffer.from(
        'license=GPL\0license=BSD\0author=A\0author=B\0depends=snd-pcm,snd\0softdep=pre: p\0weakdep=w v\0' +
          'vermagic=6.1.0 SMP mod_unload \0intree=Y\0staging=Y\0import_ns=N\0firmware=f*\0__proto__=p\0file=d/x\0',
      ),
    ),
    signature: undefined,
    buildId,
  });
  t.like(full, {
    license: 'GPL',
    authors: ['A', 'B'],
    dependencies: ['snd-pcm', 'snd'],
    softDependencies: { pre: ['p'], post: [] },
    weakDependencies: ['w', 'v'],
    vermagic: { text: '6.1.0 SMP mod_unload ', release: '6.1.0', flags: ['SMP', 'mod_unload'] },
    intree: true,
    staging: true,
    retpoline: false,
    importedNamespaces: ['N'],
    firmware: ['f*'],
    buildId,
  });
  t.deepEqual(Object.entries(full.fields), [
    ['license', ['GPL', 'BSD']],
    ['__proto__', ['p']],
    ['file', ['d/x']],
  ]);
});

test('files of both widths and byte orders, plain and compressed, say the same', async (t) => {
  const write = setUpFolder(t);
  const reader = new ModinfoReader();
  for (const is64 of [true, false])
    for (const littleEndian of [true, false]) {
      const image = moduleImage({ is64, littleEndian, modinfo, buildId });
      const plain = await reader.read(write('a.ko', image));
      const packed = reader.read(write('b.ko', gzipSync(image)));
      t.true(packed instanceof Promise);
      for (const read of [plain, await packed, reader.readSync(write('b.ko', gzipSync(image)))]) {
        t.deepEqual(
          read.entries.map(({ key, value }) => `${key}=${value}`),
          modinfo,
        );
        t.is(read.buildId, buildId);
        t.is(read.signature?.kind, 'none');
      }
    }
});

test('a signature is found behind the section table', async (t) => {
  const write = setUpFolder(t);
  const tail = Buffer.alloc(12);
  tail.set([1, 4, 0, 3, 25]);
  tail.writeUInt32BE(21, 8);
  const signed = Buffer.concat([
    moduleImage({ modinfo }),
    Buffer.from('Bob'),
    Buffer.alloc(25, 0xab),
    Buffer.alloc(21, 0x01),
    tail,
    Buffer.from('~Module signature appended~\n'),
  ]);
  const read = await new ModinfoReader().read(write('a.ko', signed));
  const lines = signatureEntries(read.signature).map(({ key, value }) => `${key}=${value}`);
  t.deepEqual(lines, [
    'sig_id=PGP',
    'signer=Bob',
    `sig_key=${'AB:'.repeat(20)}\n\t\tAB:AB:AB:AB:AB`,
    'sig_hashalgo=sha256',
    `signature=${'01:'.repeat(20)}\n\t\t01`,
  ]);
  const unbroken = signatureEntries(read.signature, { unbroken: true }).map(({ value }) => value);
  t.is(unbroken[2], 'AB:'.repeat(25).slice(0, -1));
});

test('no damage makes anything but an error of this package', (t) => {
  const write = setUpFolder(t);
  const reader = new ModinfoReader();
  const { bytes } = buildModule({ modinfo, buildId, exports: [{ name: 's', crc: 1 }] });
  const read = (content: Buffer): ModinfoOfFile | undefined => {
    try {
      return reader.readSync(write('x.ko', content));
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
      return undefined;
    }
  };
  for (let length = 0; length < bytes.length; length += 7) t.is(read(bytes.subarray(0, length)), undefined);
  const random = pseudoRandom(3);
  let compared = 0;
  for (let round = 0; round < 400; round++) {
    const damaged = Buffer.from(bytes);
    for (let count = random(3); count >= 0; count--) {
      // The header and the section table are where damage is interesting.
      const place = random(2) === 0 ? random(64) : bytes.length - 1 - random(Math.min(900, bytes.length));
      damaged[place] = random(256);
    }
    const [plain, whole] = [read(damaged), read(gzipSync(damaged))];
    if (plain === undefined || whole === undefined) continue;
    t.deepEqual(plain.entries, whole.entries);
    compared++;
  }
  t.true(compared > 100);
});

test('what is no module at all', (t) => {
  const write = setUpFolder(t);
  const reader = new ModinfoReader();
  const file = write('x.ko', Buffer.from('hello'));
  t.throws(() => reader.readSync(file), { code: 'ERR_KMOD_MODULE_FILE', message: /has only 5 bytes/ });
  t.throws(() => reader.readSync(join(file, '..')), {
    code: 'ERR_KMOD_MODULE_FILE',
    message: /not a regular file/,
  });
  t.like(
    t.throws(() => reader.readSync(`${file}x`)),
    { code: 'ERR_KMOD_MODULE_FILE', errno: -2, syscall: 'open', path: `${file}x` },
  );
  t.like(
    t.throws(() => reader.readSync(write('x.ko', moduleImage({})))),
    { code: 'ERR_KMOD_MODULE_CORRUPT', errno: -61, path: file },
  );
});
