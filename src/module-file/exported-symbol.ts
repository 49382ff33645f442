import type { ElfImage } from './elf-image.ts';
import { readElfSection } from './elf-section.ts';
import { SHN_UNDEF, type SymbolTable } from './elf-symbol-table.ts';
import { ExportCollector } from './export-collector.ts';
import { symbolCrc } from './symbol-crc.ts';
import { SymbolNames } from './symbol-names.ts';

/** A symbol that a module offers to others. */
export interface ExportedSymbol {
  readonly name: string;
  /** Checksum of its type, 32 bits unsigned; null for a kernel without symbol versions. */
  readonly crc: number | null;
  /** Only modules with a GPL-compatible licence can use it. Null when the file does not tell. */
  readonly gplOnly: boolean | null;
  /** Namespace that a user has to import; null for none. */
  readonly namespace: string | null;
}

interface Marks {
  crc: number | null;
  gplOnly: boolean | null;
  namespace: string | null;
  isExported: boolean;
}

const GPL_TABLE = /^_{2,3}ksymtab_(?:unused_)?gpl/;
const GPL_ONLY_FLAG = 1;

/**
 * What a module exports, in the order of its symbol table: the symbols with an entry in an export table or with a CRC. The
 * names alone remain of a module whose symbols were stripped.
 *
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function exportedSymbols(image: ElfImage): readonly ExportedSymbol[] {
  const table = image.symbolTable();
  if (table === undefined)
    return listedExports(image).map(({ name }) => ({ name, crc: null, gplOnly: null, namespace: null }));
  const symbols = new Map<string, Marks>();
  for (let index = 1; index < table.count; index++) {
    const name = table.name(index);
    const kind = kinds.find(({ prefix }) => name.startsWith(prefix));
    if (kind === undefined) continue;
    const symbol = name.slice(kind.prefix.length);
    let marks = symbols.get(symbol);
    if (marks === undefined)
      symbols.set(symbol, (marks = { crc: null, gplOnly: null, namespace: null, isExported: false }));
    kind.mark(marks, image, table, index);
  }
  return [...symbols]
    .filter(([, { isExported }]) => isExported)
    .map(([name, { crc, gplOnly, namespace }]) => ({ name, crc, gplOnly, namespace }));
}

/**
 * What kmod lists as exported symbols, in its order: names and CRCs of the symbols that have a CRC, or the strings of
 * `__ksymtab_strings` with CRC 0 where none has.
 *
 * @param compat leaves out symbols that lack a CRC where others have one, as kmod does; without, they follow those
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function listedExports(image: ElfImage, compat = false): readonly { name: string; crc: number }[] {
  const names = new SymbolNames();
  const found = new ExportCollector(names, compat);
  found.collect(
    image.layout,
    compat ? image.usableSymbolTable() : image.symbolTable(),
    image.parts.exportNames,
  );
  const texts = names.texts();
  return Array.from({ length: found.count }, (_, place) => ({
    name: texts[found.symbols[place] ?? 0] ?? '',
    crc: found.crcs[place] ?? 0,
  }));
}

/** The symbols that the compiler's output has for each exported symbol X, and what each of them tells. */
const kinds: readonly {
  readonly prefix: string;
  mark(marks: Marks, image: ElfImage, table: SymbolTable, index: number): void;
}[] = [
  {
    prefix: '__crc_',
    mark: (marks, image, table, index) => {
      marks.crc ??= symbolCrc(image.layout, table, index);
      marks.isExported = true;
    },
  },
  {
    // The entry itself. Its section says who may use the symbol, up to Linux 6.19.
    prefix: '__ksymtab_',
    mark: (marks, image, table, index) => {
      const section = table.farSection(index);
      if (section === undefined || section === SHN_UNDEF || section >= image.layout.sectionCount) return;
      marks.isExported = true;
      marks.gplOnly ??= GPL_TABLE.test(readElfSection(image.layout, section).name);
    },
  },
  {
    // One byte of flags for each symbol, in place of the two tables: Linux 7.
    prefix: '__flags_',
    mark: (marks, image, table, index) => {
      const place = placeOf(image, table, index);
      if (place !== undefined) marks.gplOnly = ((image.bytes[place.start] ?? 0) & GPL_ONLY_FLAG) !== 0;
    },
  },
  {
    prefix: '__kstrtabns_',
    mark: (marks, image, table, index) => {
      const place = placeOf(image, table, index);
      const end = place === undefined ? -1 : image.layout.terminatorAt(place.start, place.end);
      if (place !== undefined && end > place.start) marks.namespace = image.layout.text(place.start, end);
    },
  },
];

/** From what a symbol stands for to the end of its section. */
function placeOf(
  image: ElfImage,
  table: SymbolTable,
  index: number,
): { start: number; end: number } | undefined {
  const section = table.farSection(index);
  const data = section === undefined ? undefined : image.layout.dataRange(section);
  if (data === undefined) return undefined;
  const start = data.start + table.value(index);
  return start < data.end ? { start, end: data.end } : undefined;
}
