import test, { type ExecutionContext } from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { ElfImage } from '../../src/module-file/elf-image.ts';
import { exportedSymbols } from '../../src/module-file/exported-symbol.ts';
import { neededSymbols } from '../../src/module-file/needed-symbol.ts';
import { symbolVersions } from '../../src/module-file/symbol-version.ts';
import {
  type BuiltModule,
  buildModule,
  moduleImage,
  type ModuleImageOptions,
} from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const [ENOEXEC, EINVAL] = [-8, -22];

const usual: ModuleImageOptions = {
  modinfo: ['license=GPL', 'alias=a'],
  exports: [{ name: 'one', crc: 1 }],
  needs: [{ name: 'printk', crc: 2 }],
};

/** Every class and byte order, as options and as readable titles. */
const kinds = [true, false].flatMap((is64) =>
  [true, false].map((littleEndian) => ({
    is64,
    littleEndian,
    title: `${is64 ? 64 : 32} bits, ${littleEndian ? 'little' : 'big'}-endian`,
  })),
);

/** The error of a damaged image: what it says and the errno that goes with it. */
function damageOf(
  t: ExecutionContext,
  bytes: Buffer,
): { readonly message: string; readonly errno: number | undefined } {
  const error = t.throws(() => new ElfImage(bytes, '/m/x.ko'), { instanceOf: KmodError });
  t.is(error.code, 'ERR_KMOD_MODULE_CORRUPT');
  t.is(error.path, '/m/x.ko');
  t.regex(
    error.message,
    /^The module file \/m\/x\.ko is damaged at byte \d+: .+\. Install or build it anew\.$/,
  );
  return { message: error.message, errno: error.errno };
}

/** The same file with some bytes changed. */
function changed({ bytes }: BuiltModule, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

for (const { title, ...kind } of kinds)
  test(`${title}: header and sections`, (t) => {
    const image = new ElfImage(moduleImage({ ...usual, ...kind, machine: 22 }), 'x.ko');
    t.is(image.is64, kind.is64);
    t.is(image.littleEndian, kind.littleEndian);
    t.is(image.machine, 22);
    t.true(image.sections().every(({ problem }) => problem === null));
    const section = image.section('.modinfo');
    t.is(section?.type, 1);
    t.is(section && image.bytesOf(section).toString(), 'license=GPL\0alias=a\0');
    t.is(image.section('.nothing'), undefined);
    const symbols = image.section('.symtab');
    t.is(image.sections()[(symbols?.link ?? 0) - 1]?.name, '.strtab');
  });

test('more sections than the header can count', (t) => {
  for (const { title, ...kind } of kinds.filter((_, place) => place % 3 === 0)) {
    const image = new ElfImage(moduleImage({ ...usual, ...kind, fillers: 65_500 }), 'x.ko');
    t.is(image.sections().length, 65_500 + 10, title);
    t.deepEqual(exportedSymbols(image), [{ name: 'one', crc: 1, gplOnly: false, namespace: null }], title);
    t.is(neededSymbols(image)[0]?.crc, 2, title);
  }
});

test('what is no ELF file', (t) => {
  const { bytes } = buildModule(usual);
  const empty = damageOf(t, Buffer.alloc(0));
  t.regex(empty.message, /byte 0: the ELF header is cut off: the file has only 0 bytes/);
  t.is(empty.errno, EINVAL);
  const short = damageOf(t, bytes.subarray(0, 16));
  t.regex(short.message, /byte 16: the ELF header is cut off/);
  t.is(short.errno, ENOEXEC);
  const text = damageOf(t, Buffer.from('This is no module, but a line of text.'));
  t.regex(text.message, /byte 0: the magic number is 0x54686973, not 0x7f454c46: it is no ELF file/);
  t.is(text.errno, ENOEXEC);
});

test('damage of the header is told by byte and field', (t) => {
  const built = buildModule(usual);
  const rows: readonly [change: (copy: Buffer) => void, expected: RegExp][] = [
    [(copy) => copy.writeUInt8(3, 4), /byte 4: EI_CLASS is 3, neither 1 \(32-bit\) nor 2/],
    [(copy) => copy.writeUInt8(0, 5), /byte 5: EI_DATA is 0/],
    [(copy) => copy.writeUInt16LE(40, 58), /byte 58: e_shentsize is 40, .* 64 bytes/],
    [(copy) => copy.writeBigUInt64LE(0n, 40), /byte 40: e_shoff is 0: there are no sections/],
    [
      (copy) => copy.writeBigUInt64LE(2n ** 64n - 64n, 40),
      /byte 40: e_shoff is 0x[0-9a-f]+, and the file has \d+ bytes/,
    ],
    [
      (copy) => copy.writeUInt16LE(60_000, 60),
      /byte 40: e_shoff .* the table of 60000 sections reaches behind its end/,
    ],
    [(copy) => copy.writeUInt16LE(0, 60), /byte 60: e_shnum is 0: there are no sections/],
    [(copy) => copy.writeUInt16LE(0, 62), /byte 62: e_shstrndx is 0, .* no section names/],
    [(copy) => copy.writeUInt16LE(500, 62), /byte 62: e_shstrndx is 500, and the table has \d+ sections/],
  ];
  for (const [change, expected] of rows) {
    const { message, errno } = damageOf(t, changed(built, change));
    t.regex(message, expected);
    t.is(errno, EINVAL);
  }
  for (const length of [17, 52, 64]) {
    const { message, errno } = damageOf(t, built.bytes.subarray(0, length));
    t.regex(message, new RegExp(`byte ${length}: the ELF header is cut off: it takes 64 bytes`));
    t.is(errno, EINVAL);
  }
  t.regex(damageOf(t, built.bytes.subarray(0, 500)).message, /byte 40: e_shoff/);
});

test('a far count of sections is not believed', (t) => {
  const built = buildModule({ ...usual, fillers: 65_500 });
  const table = Number(built.bytes.readBigUInt64LE(40));
  const hostile = changed(built, (copy) => copy.writeBigUInt64LE(2n ** 60n, table + 32));
  t.regex(
    damageOf(t, hostile).message,
    /sh_size of section 0 gives 1152921504606847000 sections, and at most 1048576/,
  );
  const unnamed = changed(built, (copy) => copy.writeUInt32LE(70_000, table + 40));
  t.regex(damageOf(t, unnamed).message, new RegExp(`byte ${table + 40}: sh_link of section 0 is 70000`));
});

test('damage of the section names', (t) => {
  const built = buildModule(usual);
  const header = built.headerOf('.shstrtab');
  const unended = changed(built, (copy) => {
    copy[built.dataOf('.shstrtab') + copy.readUInt32LE(header + 32) - 1] = 0x41;
  });
  t.regex(damageOf(t, unended).message, /leads to names whose last one has no end/);
  const nameless = changed(built, (copy) => copy.writeUInt32LE(1000, header));
  t.regex(damageOf(t, nameless).message, /leads to \d+ bytes, and its own name is to be at 1000 of them/);
  const empty = changed(built, (copy) => copy.writeBigUInt64LE(0n, header + 32));
  t.regex(damageOf(t, empty).message, /a section of no bytes/);
  const outside = changed(built, (copy) => copy.writeBigUInt64LE(10_000_000n, header + 24));
  t.regex(
    damageOf(t, outside).message,
    new RegExp(`byte ${header + 24}: sh_offset of section \\d+, the section names, is 0x989680 .* outside`),
  );
});

/** The beginning of what is read as the module's information. */
function startOfModinfo(bytes: Buffer): string {
  const image = new ElfImage(bytes, 'x.ko');
  const section = image.section('.modinfo');
  return section === undefined ? '' : image.bytesOf(section).toString('latin1', 0, 5);
}

test('sections that kmod passes over are passed over, and say why', (t) => {
  const second = { name: '.modinfo', data: Buffer.from('second=1\0') };
  const built = buildModule({
    ...usual,
    sections: [{ name: '.modinfo', data: Buffer.from('first=1\0') }, second],
  });
  const header = built.headerOf('.modinfo');
  t.is(startOfModinfo(built.bytes), 'first');
  const rows: readonly [change: (copy: Buffer) => void, problem: RegExp | null][] = [
    [(copy) => copy.writeUInt32LE(100_000, header), /its name begins at byte 100000 of the names/],
    [(copy) => copy.writeBigUInt64LE(2n ** 40n, header + 32), /reach behind the end of the file/],
    [(copy) => copy.writeBigUInt64LE(2n ** 64n - 8n, header + 24), /reach behind the end of the file/],
    // Without data in the file: this is what `objcopy --only-keep-debug` leaves.
    [(copy) => copy.writeUInt32LE(8, header + 4), null],
    [(copy) => copy.writeBigUInt64LE(0n, header + 24).valueOf() && copy.writeUInt32LE(0, header + 32), null],
  ];
  for (const [change, problem] of rows) {
    const bytes = changed(built, change);
    t.is(startOfModinfo(bytes), 'secon');
    const found = new ElfImage(bytes, 'x.ko').sections()[1]?.problem ?? null;
    if (problem === null) t.is(found, null);
    else t.regex(String(found), problem);
  }
});

test('data over the headers or over other data is refused, unless kmod’s answer is asked for', (t) => {
  const built = buildModule(usual);
  const place = built.headerOf('.modinfo') + 24;
  const table = built.headerOf('.text') - 64;
  const rows: readonly [offset: number, expected: RegExp][] = [
    [1, /sh_offset of section 2 is 0x1, .* lie over the file's ELF header/],
    [table + 100, /lie over the file's section table/],
    [
      built.dataOf('.strtab') + 1,
      /sh_offset of section \d+ is 0x[0-9a-f]+, .* lies over that of section \d+/,
    ],
  ];
  for (const [offset, expected] of rows) {
    const bytes = changed(built, (copy) => copy.writeBigUInt64LE(BigInt(offset), place));
    t.regex(damageOf(t, bytes).message, expected);
    t.notThrows(() => new ElfImage(bytes, 'x.ko', true));
  }
});

test('no change of a byte makes it read elsewhere, and all errors say where', (t) => {
  for (const { title, ...kind } of kinds) {
    const built = buildModule({ ...usual, ...kind, versions: [{ name: 'module_layout', crc: 3 }] });
    const random = pseudoRandom(7);
    const headers = built.headerOf('.text') - (kind.is64 ? 64 : 40);
    let refused = 0;
    for (let round = 0; round < 1000; round++) {
      const bytes = changed(built, (copy) => {
        for (let count = 1 + random(3); count > 0; count--) {
          const inHeaders = random(3) > 0;
          const at = inHeaders ? headers + random(copy.length - headers) : random(copy.length);
          copy[at] = random(2) === 0 ? random(256) : (copy[at] ?? 0) ^ (1 << random(8));
        }
      });
      const cut = random(10) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      try {
        const image = new ElfImage(cut, 'x.ko', random(2) === 0);
        for (const section of image.sections()) image.bytesOf(section);
        exportedSymbols(image);
        neededSymbols(image);
        symbolVersions(image);
      } catch (error) {
        if (!(error instanceof KmodError)) throw error;
        refused++;
        if (!/damaged at byte \d+: /.test(error.message)) t.fail(`${title}: ${error.message}`);
      }
    }
    t.true(refused > 100, title);
  }
});
