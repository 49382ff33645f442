import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import test, { type ExecutionContext } from 'ava';

import type { KmodErrorCode } from '../../src/errors/error-codes.ts';
import { KmodError } from '../../src/errors/kmod-error.ts';
import { readModuleFile, readModuleFileSync } from '../../src/module-file/module-file.ts';
import { buildModule, moduleImage, type ModuleImageOptions } from '../fixtures/module-image.ts';
import { appendSignature, certificates, signatureSample } from '../fixtures/signature-samples.ts';

const options: ModuleImageOptions = {
  machine: 183,
  modinfo: [
    'license=GPL',
    'author=J\xc3\xb6rg',
    'depends=a,b-c',
    'import_ns=SPACE',
    'firmware=x/y.bin',
    'parmtype=count:int',
    'parm=count:How many',
    'vermagic=6.1.0 SMP mod_unload aarch64',
    'alias=x:*',
  ],
  exports: [{ name: 'one', crc: 1, gplOnly: true, namespace: 'SPACE' }],
  needs: [{ name: 'printk', crc: 2 }],
  buildId: '00112233445566778899aabbccddeeff00112233',
};

function folderOf(t: ExecutionContext): (name: string, content: Uint8Array) => string {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-module-file-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return (name, content) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
}

test('one object with everything, plain and compressed, sync and not', async (t) => {
  const write = folderOf(t);
  const image = moduleImage(options);
  const signed = appendSignature(image, signatureSample('ec'));
  const plain = write('my-module.ko', signed);
  // The name does not count.
  const packed = write('my-module.ko.xz', gzipSync(signed));
  for (const [path, compression] of [
    [plain, 'none'],
    [packed, 'gzip'],
  ] as const) {
    const module = readModuleFileSync(path);
    t.like(module, {
      path,
      compression,
      name: 'my_module',
      unpackedSize: signed.length,
      bits: 64,
      byteOrder: 'little',
      machine: { number: 183, name: 'aarch64' },
      license: 'GPL',
      authors: ['Jörg'],
      dependencies: ['a', 'b-c'],
      importedNamespaces: ['SPACE'],
      firmware: ['x/y.bin'],
      buildId: options.buildId ?? '',
      vermagic: { release: '6.1.0' },
      parameters: [{ name: 'count', type: 'int', array: false, description: 'How many' }],
      signature: { kind: 'pkcs7', signer: 'EC test key' },
      exports: [{ name: 'one', crc: 1, gplOnly: true, namespace: 'SPACE' }],
      needs: [{ name: 'printk', crc: 2, weak: false, isUndefined: true }],
      versions: [{ name: 'printk', crc: 2 }],
    });
    t.deepEqual(module.modinfo[1], { key: 'author', value: 'Jörg' });
    t.is(module.section('.note.gnu.build-id')?.length, 16 + 20);
    t.is(module.section('.nothing'), undefined);
    t.is(module.sections.find(({ name }) => name === '.modinfo')?.problem, null);
    // The sample is a signature of something else.
    t.is(module.verify([certificates.ec]).verdict, 'bad-signature');
    const later = await readModuleFile(path);
    t.is(JSON.stringify(later), JSON.stringify(module));
    t.true(JSON.stringify(module).includes('"exports":[{"name":"one"'));
  }
});

test('what cannot be read', async (t) => {
  const write = folderOf(t);
  const bytes = moduleImage(options);
  const rows: readonly [path: string, limit: number | undefined, code: KmodErrorCode, message: RegExp][] = [
    [
      '/nowhere/x.ko',
      undefined,
      'ERR_KMOD_MODULE_FILE',
      /^The module file \/nowhere\/x\.ko cannot be read: ENOENT/,
    ],
    ['/dev', undefined, 'ERR_KMOD_MODULE_FILE', /not a regular file/],
    ['/dev/null', undefined, 'ERR_KMOD_MODULE_FILE', /not a regular file/],
    [write('large.ko', bytes), 100, 'ERR_KMOD_TOO_LARGE', /has \d+ bytes, more than the limit of 100/],
    [write('bomb.ko', gzipSync(Buffer.alloc(1e6))), 10_000, 'ERR_KMOD_TOO_LARGE', /10000|limit/],
    [write('empty.ko', Buffer.alloc(0)), undefined, 'ERR_KMOD_MODULE_CORRUPT', /only 0 bytes/],
    [write('text.ko', Buffer.from('text '.repeat(9))), undefined, 'ERR_KMOD_MODULE_CORRUPT', /no ELF file/],
    [write('bare.ko', moduleImage({})), undefined, 'ERR_KMOD_MODULE_CORRUPT', /without a \.modinfo section/],
    [
      write('cut.ko.gz', gzipSync(bytes).subarray(0, 100)),
      undefined,
      'ERR_KMOD_COMPRESSED_DATA',
      /cut\.ko\.gz/,
    ],
  ];
  for (const [path, limit, code, message] of rows) {
    const error = t.throws(() => readModuleFileSync(path, { limit }), { instanceOf: KmodError }, path);
    t.is(error.code, code, path);
    t.regex(error.message, message);
    const later = await t.throwsAsync(readModuleFile(path, { limit }), { instanceOf: KmodError });
    t.is(later.code, code, path);
  }
});

test('arguments', async (t) => {
  t.throws(() => readModuleFileSync(1 as never), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => readModuleFileSync('x', { limmit: 1 } as never), {
    instanceOf: TypeError,
    message: /"limit"/,
  });
  t.throws(() => readModuleFileSync('x', { limit: 0 }), { instanceOf: RangeError });
  await t.throwsAsync(readModuleFile('x', { limit: 0.5 }), { instanceOf: RangeError });
});

test('a damaged part is an error when it is asked for', (t) => {
  const write = folderOf(t);
  const built = buildModule(options);
  built.bytes.writeUInt32LE(63, built.headerOf('__versions') + 32);
  const module = readModuleFileSync(write('x.ko', built.bytes));
  t.is(module.license, 'GPL');
  t.is(module.exports.length, 1);
  t.throws(() => module.versions, { instanceOf: KmodError, message: /__versions has 63 bytes/ });
  t.throws(() => module.needs, { instanceOf: KmodError, message: /__versions has 63 bytes/ });
});
