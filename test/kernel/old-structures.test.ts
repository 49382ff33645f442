/** Structures of the calls of 1995 and of 2.4 against bytes that are written out here by their C declarations. */
import test from 'ava';

import {
  decodeKernelSymbols,
  decodeModRoutines,
  decodeModuleInfo,
  decodeModuleNames,
  decodeModuleRecord1995,
  decodeModuleRecord24,
  decodeModuleSymbols,
  decodeSymbolTable,
  encodeKernelSymbols,
  encodeModRoutines,
  encodeModuleInfo,
  encodeModuleNames,
  encodeModuleRecord1995,
  encodeModuleRecord24,
  encodeModuleSymbols,
  encodeSymbolTable,
  kernelSymbolSize,
  type StructureLayout,
} from '../../src/syscalls.ts';

const i386: StructureLayout = { bits: 32, byteOrder: 'little' };
const x8664: StructureLayout = { bits: 64, byteOrder: 'little' };
const sparc: StructureLayout = { bits: 32, byteOrder: 'big' };
const layouts = { i386, x8664, sparc, sparc64: { bits: 64, byteOrder: 'big' } } as const;

/** Bytes from hexadecimal digits and 'text'; `*N` repeats the last byte. */
function bytesOf(text: string): Buffer {
  const parts = text.trim().match(/'[^']*'|[0-9a-f]{2}(?:\*\d+)?/g) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (part.startsWith("'")) return Buffer.from(part.slice(1, -1), 'latin1');
      return Buffer.alloc(Number(part.slice(3) || 1), Number.parseInt(part.slice(0, 2), 16));
    }),
  );
}

test('struct kernel_sym: a long and 60 characters, padded to the long', (t) => {
  t.is(kernelSymbolSize(i386), 64);
  t.is(kernelSymbolSize(x8664), 72);
  const symbols = [
    { name: '#', value: 0n },
    { name: 'printk', value: 0xc011_2233n },
  ];
  const golden = `00 00 00 00  '#' 00*59  33 22 11 c0  'printk' 00*54`;
  t.deepEqual(Buffer.from(encodeKernelSymbols(symbols, i386)), bytesOf(golden));
  t.deepEqual(decodeKernelSymbols(bytesOf(golden), i386), symbols);
  const wide = [{ name: 'kfree', value: 0xffff_ffff_8123_4560n }];
  const golden64 = `60 45 23 81 ff ff ff ff  'kfree' 00*55  00*4`;
  t.deepEqual(Buffer.from(encodeKernelSymbols(wide, x8664)), bytesOf(golden64));
  t.deepEqual(decodeKernelSymbols(bytesOf(golden64), x8664), wide);
  t.deepEqual(
    Buffer.from(encodeKernelSymbols([{ name: 'a', value: 1n }], sparc)).subarray(0, 6),
    bytesOf(`00 00 00 01 'a' 00`),
  );
});

test('struct kernel_sym: a name of 60 characters is cut to 59, a hidden value is 0, an address has to fit', (t) => {
  const [cut] = decodeKernelSymbols(
    encodeKernelSymbols([{ name: 'x'.repeat(60), value: null }], x8664),
    x8664,
  );
  t.deepEqual(cut, { name: 'x'.repeat(59), value: 0n });
  t.throws(() => encodeKernelSymbols([{ name: 'a', value: 2n ** 32n }], i386), {
    instanceOf: RangeError,
    message: /"value" argument must be a number of 32 bits, not negative/,
  });
  t.throws(() => decodeKernelSymbols(new Uint8Array(71), x8664), {
    instanceOf: RangeError,
    message: /a multiple of 72 bytes long/,
  });
  // What 1.x wrote may lack the NUL.
  t.is(decodeKernelSymbols(bytesOf(`00*4 78*60`), i386)[0]?.name, 'x'.repeat(60));
});

test('struct mod_routines and struct module of 1995', (t) => {
  const routines = { init: 0x0804_8000n, cleanup: 0x0804_8010n };
  t.deepEqual(Buffer.from(encodeModRoutines(routines, i386)), bytesOf('00 80 04 08 10 80 04 08'));
  t.deepEqual(decodeModRoutines(bytesOf('00 80 04 08 10 80 04 08'), i386), routines);
  const record = {
    next: 0x1000n,
    ref: 0x2000n,
    symtab: 0x3000n,
    name: 0x4000n,
    size: 2,
    addr: 0x5000n,
    state: 1,
    cleanup: 0x5020n,
  };
  const golden = `00 10 00 00  00 20 00 00  00 30 00 00  00 40 00 00  02 00 00 00  00 50 00 00  01 00 00 00  20 50 00 00`;
  t.deepEqual(Buffer.from(encodeModuleRecord1995(record, i386)), bytesOf(golden));
  t.deepEqual(decodeModuleRecord1995(bytesOf(golden), i386), record);
  // With 64 bits the two integers have four bytes behind them.
  const golden64 = `00 10 00*6  00 20 00*6  00 30 00*6  00 40 00*6  02 00*3 00*4  00 50 00*6  01 00*3 00*4  20 50 00*6`;
  t.deepEqual(Buffer.from(encodeModuleRecord1995(record, x8664)), bytesOf(golden64));
  t.throws(() => decodeModuleRecord1995(new Uint8Array(63), x8664), { instanceOf: RangeError });
});

test('struct symbol_table: header, symbols, references, names as distances from its start', (t) => {
  const table = { symbols: [{ name: 'export_function', value: 0x0280_1000n }], references: [0x0270_0000n] };
  // 12 bytes, 8 for the symbol, 8 for the reference, then the name at 28.
  const golden = `2c 00 00 00  01 00 00 00  01 00 00 00
    00 10 80 02  1c 00 00 00  00 00 70 02  00 00 00 00  'export_function' 00`;
  t.deepEqual(Buffer.from(encodeSymbolTable(table, i386)), bytesOf(golden));
  t.deepEqual(decodeSymbolTable(bytesOf(golden), i386), table);
  // 12 bytes and 4 that align, 16, 16, the name at 48.
  const golden64 = `40 00 00 00  01 00 00 00  01 00 00 00  00*4
    00 10 80 02 00*4  30 00*7  00 00 70 02 00*4  00*8  'export_function' 00`;
  t.deepEqual(Buffer.from(encodeSymbolTable(table, x8664)), bytesOf(golden64));
  t.deepEqual(decodeSymbolTable(bytesOf(golden64), x8664), table);
  t.deepEqual(decodeSymbolTable(bytesOf('0c 00*3 00*4 00*4'), i386), { symbols: [], references: [] });
});

test('struct symbol_table: what the kernel rejected is rejected', (t) => {
  const rejected: Readonly<Record<string, string>> = {
    'negative number of symbols': '0c 00*3  ff*4  00*4',
    'negative number of references': '0c 00*3  00*4  ff*4',
    'a size that is not there': '40 00*3  00*4  00*4',
    'symbols that do not fit': '0c 00*3  01 00*3  00*4',
    'a great many symbols': '0c 00*3  ff ff ff 7f  00*4',
    'a name inside of the tables': `16 00*3  01 00*3  00*4  00*4  0c 00*3 'a' 00`,
    'a name behind the end': `16 00*3  01 00*3  00*4  00*4  16 00*3 'a' 00`,
    'too short for the header': '0c 00*3 00*4',
  };
  for (const [fault, bytes] of Object.entries(rejected))
    t.throws(() => decodeSymbolTable(bytesOf(bytes), i386), { instanceOf: RangeError }, fault);
});

test('struct module of 2.4: 96 bytes with 32 bits, 184 with 64; older ones are shorter', (t) => {
  const words = {
    next: 1n,
    name: 2n,
    size: 3n,
    usecount: 4n,
    flags: 5n,
    nsyms: 6,
    ndeps: 7,
    syms: 8n,
    deps: 9n,
    refs: 10n,
    init: 11n,
    cleanup: 12n,
    ex_table_start: 13n,
    ex_table_end: 14n,
  };
  const additions = {
    persist_start: 15n,
    persist_end: 16n,
    can_unload: 17n,
    runsize: 18,
    kallsyms_start: 19n,
    kallsyms_end: 20n,
    archdata_start: 21n,
    archdata_end: 22n,
    kernel_data: 23n,
  };
  const encoded = Buffer.from(encodeModuleRecord24({ ...words, ...additions }, i386));
  const golden = Array.from({ length: 24 }, (_, index) => (index === 0 ? 96 : index));
  t.deepEqual(
    Array.from({ length: 24 }, (_, index) => encoded.readUInt32LE(4 * index)),
    golden,
  );
  t.deepEqual(decodeModuleRecord24(encoded, i386), { size_of_struct: 96n, ...words, ...additions });
  const wide = Buffer.from(encodeModuleRecord24({ ...words, ...additions }, x8664));
  t.is(wide.length, 184);
  t.deepEqual([wide.readUInt32LE(48), wide.readUInt32LE(52)], [6, 7]);
  t.deepEqual([wide.readInt32LE(136), wide.readBigUInt64LE(144), wide.readBigUInt64LE(176)], [18, 19n, 23n]);
  t.deepEqual(decodeModuleRecord24(wide, x8664), { size_of_struct: 184n, ...words, ...additions });
  // Linux 2.2: nothing behind ex_table_end.
  encoded.writeUInt32LE(60, 0);
  t.deepEqual(decodeModuleRecord24(encoded.subarray(0, 60), i386), { size_of_struct: 60n, ...words });
  t.throws(() => decodeModuleRecord24(encoded.subarray(0, 59), i386), { instanceOf: RangeError });
});

test('what query_module writes: names, symbols, struct module_info', (t) => {
  t.deepEqual(Buffer.from(encodeModuleNames(['slave', 'import'])), bytesOf(`'slave' 00 'import' 00`));
  t.deepEqual(decodeModuleNames(bytesOf(`'slave' 00 'import' 00 00*20`), 2), ['slave', 'import']);
  t.throws(() => decodeModuleNames(bytesOf(`'slave' 00`), 2), { instanceOf: RangeError });

  const symbols = [
    { name: 'a', value: 16n },
    { name: 'bc', value: 32n },
  ];
  const golden = `10 00*3  10 00*3  20 00*3  12 00*3  'a' 00 'bc' 00`;
  t.deepEqual(Buffer.from(encodeModuleSymbols(symbols, i386)), bytesOf(golden));
  t.deepEqual(decodeModuleSymbols(bytesOf(golden), 2, i386), symbols);
  t.throws(() => decodeModuleSymbols(bytesOf('10 00*3 08 00*3'), 1, i386), { instanceOf: RangeError });
  t.throws(() => decodeModuleSymbols(bytesOf('10 00*3'), 2 ** 31, i386), { instanceOf: RangeError });

  const info = { address: 0xc280_0000n, size: 620, flags: 17, usecount: -1 };
  const goldenInfo = '00 00 80 c2  6c 02 00 00  11 00 00 00  ff ff ff ff';
  t.deepEqual(Buffer.from(encodeModuleInfo(info, i386)), bytesOf(goldenInfo));
  t.deepEqual(decodeModuleInfo(bytesOf(goldenInfo), i386), info);
  t.deepEqual(decodeModuleInfo(encodeModuleInfo({ ...info, address: null }, x8664), x8664), {
    ...info,
    address: 0n,
  });
});

for (const [name, layout] of Object.entries(layouts))
  test(`${name}: what is encoded decodes to the same`, (t) => {
    const symbols = Array.from({ length: 20 }, (_, index) => ({
      name: `symbol_${'x'.repeat(index)}`,
      value: BigInt(index) << 24n,
    }));
    t.deepEqual(decodeKernelSymbols(encodeKernelSymbols(symbols, layout), layout), symbols);
    const table = { symbols, references: [1n, 2n, 3n] };
    t.deepEqual(decodeSymbolTable(encodeSymbolTable(table, layout), layout), table);
    t.deepEqual(decodeModuleSymbols(encodeModuleSymbols(symbols, layout), symbols.length, layout), symbols);
  });
