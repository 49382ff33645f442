import test, { type ExecutionContext } from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { ContributionReader } from '../../src/module-file/contribution-reader.ts';
import type { ContributionSink } from '../../src/module-file/contribution-sink.ts';
import { ElfImage } from '../../src/module-file/elf-image.ts';
import { exportedSymbols, listedExports } from '../../src/module-file/exported-symbol.ts';
import { neededSymbols } from '../../src/module-file/needed-symbol.ts';
import { symbolVersions } from '../../src/module-file/symbol-version.ts';
import { SymbolNames } from '../../src/module-file/symbol-names.ts';
import { buildModule, moduleImage, type ModuleImageOptions } from '../fixtures/module-image.ts';

const imageOf = (options: ModuleImageOptions): ElfImage => new ElfImage(moduleImage(options), 'x.ko');

const rich: ModuleImageOptions = {
  modinfo: [
    'license=GPL',
    'alias=pci:*',
    'aliasing=no',
    'softdep=pre: a',
    'alias=usb:*',
    'weakdep=b',
    'alias',
  ],
  exports: [
    { name: 'plain', crc: 0xfedc_ba98 },
    { name: 'gpl', crc: 1, gplOnly: true },
    { name: 'spaced', crc: 2, gplOnly: true, namespace: 'SPACE' },
  ],
  needs: [{ name: 'printk', crc: 3 }, { name: 'maybe', weak: true, crc: 4 }, { name: 'unversioned' }],
  versions: [{ name: 'module_layout', crc: 5 }],
  locals: ['a_local', '__crcless', '__ksymtable'],
};

/** All that depmod would be told of a file. */
interface Told {
  readonly aliases: string[];
  readonly softDependencies: string[];
  readonly weakDependencies: string[];
  readonly exports: [name: string, crc: number][];
  readonly needs: [name: string, crc: number, weak: number][];
  readonly problems: [part: string, errno: number | undefined, message: string][];
}

function tell(bytes: Buffer, compat = false, reader = new ContributionReader({ compat })): Told {
  const told: Told = {
    aliases: [],
    softDependencies: [],
    weakDependencies: [],
    exports: [],
    needs: [],
    problems: [],
  };
  const name = (symbol: number | undefined): string => reader.symbols.text(symbol ?? -1);
  const sink: ContributionSink = {
    alias: (text) => told.aliases.push(text),
    softDependency: (text) => told.softDependencies.push(text),
    weakDependency: (text) => told.weakDependencies.push(text),
    exports: (symbols, crcs, count) => {
      for (let place = 0; place < count; place++)
        told.exports.push([name(symbols[place]), crcs[place] ?? -1]);
    },
    needs: (symbols, crcs, weak, count) => {
      for (let place = 0; place < count; place++)
        told.needs.push([name(symbols[place]), crcs[place] ?? -1, weak[place] ?? -1]);
    },
    problem: (part, { errno, message }) => told.problems.push([part, errno, message]),
  };
  reader.read(bytes, 'x.ko', sink);
  return told;
}

function namesOf(list: readonly { name: string }[]): string[] {
  return list.map(({ name }) => name);
}

function corruption(t: ExecutionContext, read: () => unknown): string {
  return t.throws(read, { instanceOf: KmodError, code: 'ERR_KMOD_MODULE_CORRUPT' }).message;
}

for (const is64 of [true, false])
  for (const littleEndian of [true, false])
    for (const crcs of ['data', 'absolute'] as const)
      test(`${is64 ? 64 : 32} bits, ${littleEndian ? 'little' : 'big'}-endian, CRCs as ${crcs}`, (t) => {
        const bytes = moduleImage({ ...rich, is64, littleEndian, crcs });
        const image = new ElfImage(bytes, 'x.ko');
        const sorted = exportedSymbols(image).toSorted((a, b) => (a.name < b.name ? -1 : 1));
        t.deepEqual(sorted, [
          { name: 'gpl', crc: 1, gplOnly: true, namespace: null },
          { name: 'plain', crc: 0xfedc_ba98, gplOnly: false, namespace: null },
          { name: 'spaced', crc: 2, gplOnly: true, namespace: 'SPACE' },
        ]);
        t.deepEqual(neededSymbols(image), [
          { name: 'printk', crc: 3, weak: false, isUndefined: true },
          { name: 'maybe', crc: 4, weak: true, isUndefined: true },
          { name: 'unversioned', crc: null, weak: false, isUndefined: true },
          { name: 'module_layout', crc: 5, weak: false, isUndefined: false },
        ]);
        const told = tell(bytes);
        t.deepEqual(told.aliases, ['pci:*', 'usb:*', '']);
        t.deepEqual(told.softDependencies, ['pre: a']);
        t.deepEqual(told.weakDependencies, ['b']);
        t.deepEqual(told.problems, []);
        t.deepEqual(told.exports, [
          ['plain', 0xfedc_ba98],
          ['gpl', 1],
          ['spaced', 2],
        ]);
        t.deepEqual(told.needs, [
          ['printk', 3, 0],
          ['maybe', 4, 1],
          ['unversioned', 0, 0],
          ['module_layout', 5, 0],
        ]);
        t.deepEqual(tell(bytes, true), told);
      });

test('GPL-only by a byte of flags', (t) => {
  const found = exportedSymbols(imageOf({ ...rich, gplMarks: 'flags' }));
  t.deepEqual(
    found.map(({ name, gplOnly }) => [name, gplOnly]),
    [
      ['plain', false],
      ['gpl', true],
      ['spaced', true],
    ],
  );
});

test('without CRCs kmod lists namespaces as symbols, and the indexes have them', (t) => {
  const bytes = moduleImage({
    exports: [
      { name: 'one', namespace: 'SPACE' },
      { name: 'two', gplOnly: true, namespace: 'SPACE' },
      { name: 'three' },
    ],
  });
  const image = new ElfImage(bytes, 'x.ko');
  for (const compat of [true, false]) {
    t.deepEqual(namesOf(listedExports(image, compat)), ['one', 'SPACE', 'two', 'SPACE', 'three']);
    t.deepEqual(
      tell(bytes, compat).exports.map(([name]) => name),
      ['one', 'SPACE', 'two', 'SPACE', 'three'],
    );
  }
  t.deepEqual(
    exportedSymbols(image).map(({ name, crc, gplOnly, namespace }) => [name, crc, gplOnly, namespace]),
    [
      ['one', null, false, 'SPACE'],
      ['three', null, false, null],
      ['two', null, true, 'SPACE'],
    ],
  );
});

test('a symbol that has no CRC among others that do', (t) => {
  const bytes = moduleImage({ exports: [{ name: 'bare' }, { name: 'known', crc: 9 }] });
  t.deepEqual(tell(bytes, true).exports, [['known', 9]]);
  t.deepEqual(tell(bytes).exports, [
    ['known', 9],
    ['bare', 0],
  ]);
  t.deepEqual(
    exportedSymbols(new ElfImage(bytes, 'x.ko')).map(({ name, crc }) => [name, crc]),
    [
      ['bare', null],
      ['known', 9],
    ],
  );
});

test('stripped of its symbols a module still has names', (t) => {
  const bytes = moduleImage({ ...rich, symbols: false });
  const image = new ElfImage(bytes, 'x.ko');
  t.deepEqual(exportedSymbols(image)[0], { name: 'plain', crc: null, gplOnly: null, namespace: null });
  t.regex(
    corruption(t, () => neededSymbols(image)),
    /ends without a usable \.symtab/,
  );
  const told = tell(bytes);
  t.is(told.exports.length, 4);
  t.deepEqual(
    told.problems.map(([part, errno]) => [part, errno]),
    [['needs', -22]],
  );
});

test('versions: the extended pair counts before the records, but not for kmod', (t) => {
  const long = `_R${'x'.repeat(200)}`;
  const options: ModuleImageOptions = {
    needs: [{ name: 'printk', crc: 1 }],
    versions: [{ name: 'module_layout', crc: 2 }],
  };
  const both = moduleImage({ ...options, versionSections: 'both' });
  const extended = moduleImage({ needs: [{ name: long, crc: 7 }], versionSections: 'extended' });
  t.deepEqual(symbolVersions(new ElfImage(both, 'x.ko')), [
    { name: 'printk', crc: 1 },
    { name: 'module_layout', crc: 2 },
  ]);
  t.deepEqual(symbolVersions(new ElfImage(extended, 'x.ko')), [{ name: long, crc: 7 }]);
  t.deepEqual(symbolVersions(new ElfImage(extended, 'x.ko'), true), []);
  t.deepEqual(tell(extended).needs, [[long, 7, 0]]);
  t.deepEqual(tell(extended, true).needs, [[long, 0, 0]]);
  t.deepEqual(tell(both).needs, tell(both, true).needs);
});

test('damaged versions name their place, and exports remain', (t) => {
  const built = buildModule({ ...rich, versionSections: 'both' });
  const damaged = (change: (copy: Buffer) => void, compat: boolean): Buffer => {
    const copy = Buffer.from(built.bytes);
    change(copy);
    t.is(tell(copy, compat).exports.length, 3);
    t.deepEqual(tell(copy, compat).needs, []);
    return copy;
  };
  const rows: readonly [change: (copy: Buffer) => void, compat: boolean, expected: RegExp][] = [
    [
      (copy) => copy.writeUInt32LE(100, built.headerOf('__versions') + 32),
      true,
      new RegExp(
        `byte ${built.dataOf('__versions')}: the section __versions has 100 bytes, no multiple of 64`,
      ),
    ],
    [
      (copy) => copy.fill(0x41, built.dataOf('__versions') + 72, built.dataOf('__versions') + 128),
      true,
      /the name of record 1 of __versions does not end with a NUL/,
    ],
    [
      (copy) => copy.writeUInt32LE(6, built.headerOf('__version_ext_crcs') + 32),
      false,
      /__version_ext_crcs has 6 bytes, no multiple of 4/,
    ],
    [
      (copy) => copy.writeUInt32LE(8, built.headerOf('__version_ext_names') + 32),
      false,
      /__version_ext_names ends before the name of CRC 1/,
    ],
  ];
  for (const [change, compat, expected] of rows) {
    const bytes = damaged(change, compat);
    t.regex(
      corruption(t, () => symbolVersions(new ElfImage(bytes, 'x.ko'), compat)),
      expected,
    );
    const [problem] = tell(bytes, compat).problems;
    t.is(problem?.[0], 'needs');
    t.regex(problem?.[2] ?? '', expected);
  }
});

test('a record that repeats a name counts once for the symbol and once alone', (t) => {
  const told = tell(
    moduleImage({
      needs: [{ name: 'twice', crc: 1 }],
      versions: [
        { name: 'twice', crc: 2 },
        { name: '.dotted', crc: 3 },
      ],
    }),
  );
  t.deepEqual(told.needs, [
    ['twice', 1, 0],
    ['twice', 2, 0],
    ['.dotted', 3, 0],
  ]);
});

test('a damaged symbol table: kmod falls back to the strings, here it is told', (t) => {
  const built = buildModule(rich);
  const uneven = Buffer.from(built.bytes);
  uneven.writeUInt32LE(100, built.headerOf('.symtab') + 32);
  t.deepEqual(
    tell(uneven, true).exports.map(([name]) => name),
    ['plain', 'gpl', 'spaced', 'SPACE'],
  );
  t.regex(tell(uneven).problems[0]?.[2] ?? '', /\.symtab has 100 bytes, no multiple of 24/);
  const nameless = Buffer.from(built.bytes);
  nameless.writeUInt32LE(1_000_000, built.dataOf('.symtab') + 24);
  t.deepEqual(
    tell(nameless, true).exports.map(([name]) => name),
    ['plain', 'gpl', 'spaced', 'SPACE'],
  );
  const told = tell(nameless);
  t.deepEqual(told.exports, []);
  t.regex(told.problems[0]?.[2] ?? '', /st_name of symbol 1 is 1000000/);
  t.is(told.needs.length, 4);
});

test('a CRC outside of its section', (t) => {
  const built = buildModule({ exports: [{ name: 'one', crc: 1 }] });
  const bytes = Buffer.from(built.bytes);
  bytes.writeBigUInt64LE(1n, built.dataOf('.symtab') + 24 + 8);
  t.deepEqual(tell(bytes).exports, [['one', 0xffff_ffff]]);
  bytes.writeBigUInt64LE(2n ** 63n, built.dataOf('.symtab') + 24 + 8);
  t.deepEqual(tell(bytes).exports, [['one', 0xffff_ffff]]);
});

test('registers of SPARC are no needed symbols', (t) => {
  const built = buildModule({
    machine: 43,
    littleEndian: false,
    needs: [{ name: 'reg' }, { name: 'printk' }],
  });
  const bytes = Buffer.from(built.bytes);
  bytes[built.dataOf('.symtab') + 24 + 4] = 0x1d;
  t.deepEqual(
    tell(bytes).needs.map(([name]) => name),
    ['printk'],
  );
  bytes.writeUInt16BE(62, 18);
  t.is(tell(bytes).needs.length, 2);
});

test('one reader for many files: numbers stay, versions do not leak', (t) => {
  const reader = new ContributionReader();
  const first = tell(moduleImage({ needs: [{ name: 'a', crc: 1 }, { name: 'b' }] }), false, reader);
  const names = Array.from({ length: 70_000 }, (_, place) => ({ name: `symbol_${place}`, crc: place }));
  const many = tell(moduleImage({ needs: names }), false, reader);
  const last = tell(moduleImage({ needs: [{ name: 'b', crc: 2 }, { name: 'a' }] }), false, reader);
  t.deepEqual(first.needs, [
    ['a', 1, 0],
    ['b', 0, 0],
  ]);
  t.is(many.needs.length, 70_000);
  t.true(many.needs.every(([name, crc], place) => name === `symbol_${place}` && crc === place));
  t.deepEqual(last.needs, [
    ['b', 2, 0],
    ['a', 0, 0],
  ]);
  t.is(reader.symbols.size, 70_002);
  t.is(reader.symbols.texts()[70_001], 'symbol_69999');
  t.is(reader.symbols.text(0), 'a');
});

test('symbol names by their bytes', (t) => {
  const names = new SymbolNames();
  const bytes = Buffer.from('one\0two\0\xff\xfe\0one\0unended', 'latin1');
  t.deepEqual(
    [0, 4, 8, 11, 15].map((start) => names.internTerminated(bytes, start, bytes.length)),
    [0, 1, 2, 0, -1],
  );
  t.is(names.intern(bytes, 4, 7), 1);
  t.is(names.intern(bytes, 0, 0), 3);
  t.deepEqual(names.texts(), ['one', 'two', '\xff\xfe', '']);
  const packed = names.packed();
  t.deepEqual([...packed.starts], [0, 3, 6, 8, 8]);
  t.is(Buffer.from(packed.bytes).toString('latin1'), 'onetwo\xff\xfe');
});

test('many symbols that share one long name take no time that grows with the square', (t) => {
  const count = 200_000;
  const built = buildModule({ locals: ['a'.repeat(2_000_000)], needs: [{ name: 'x' }] });
  const strings = built.bytes.subarray(built.dataOf('.strtab'), built.dataOf('.strtab') + 2_000_000);
  const symbols = Buffer.alloc(24 * count);
  for (let index = 1; index < count; index++) symbols.writeUInt32LE(1 + index, 24 * index);
  const bytes = moduleImage({
    symbols: false,
    sections: [
      { name: '.symtab', type: 2, data: symbols },
      { name: '.strtab', type: 3, data: Buffer.concat([strings, Buffer.from([0])]) },
    ],
  });
  t.regex(tell(bytes).problems[0]?.[2] ?? '', /st_name of symbol 1 is 2, .* at most 4096 bytes/);
});

test('what no module has so many of is refused before there is memory for it', (t) => {
  const crcs = Buffer.alloc(4 * (2 ** 22 + 1));
  const bytes = moduleImage({
    needs: [{ name: 'x' }],
    sections: [
      { name: '__version_ext_crcs', data: crcs },
      { name: '__version_ext_names', data: crcs.subarray(0, 2 ** 22 + 1) },
    ],
  });
  t.regex(
    corruption(t, () => symbolVersions(new ElfImage(bytes, 'x.ko'))),
    /the list of versions has 4194305 entries/,
  );
  t.regex(tell(bytes).problems[0]?.[2] ?? '', /has 4194305 entries/);
  const symbols = { name: '.symtab', type: 2, data: Buffer.alloc(24 * (2 ** 22 + 1)) };
  const names = { name: '.strtab', type: 3, data: Buffer.alloc(1) };
  t.regex(
    corruption(t, () =>
      new ElfImage(moduleImage({ symbols: false, sections: [symbols, names] }), 'x.ko').symbolTable(),
    ),
    /\.symtab has 4194305 symbols/,
  );
});
