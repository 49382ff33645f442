/** struct symbol_table, the last argument of init_module(2) in 1995: what a module offers and which modules it uses. */
import { argumentRangeError } from '../../errors/argument.ts';
import { readStructure, type StructureLayout, structureSize, textAt, writeStructure } from './structure.ts';

/** What a struct symbol_table holds. */
export interface SymbolTableContent {
  /** In the table's order. */
  readonly symbols: readonly { readonly name: string; readonly value: bigint }[];
  /** Addresses of the `struct module` of the modules that it uses, as `#NAME` entries of get_kernel_syms tell them. */
  readonly references: readonly bigint[];
}

const header = [
  ['size', 'int'],
  ['symbolCount', 'int'],
  ['referenceCount', 'int'],
] as const;

/** struct internal_symbol: the name is the distance from the table's start. */
const internalSymbol = [
  ['value', 'word'],
  ['name', 'word'],
] as const;

/** struct module_ref: the kernel fills in `next`. */
const moduleReference = [
  ['module', 'word'],
  ['next', 'word'],
] as const;

/**
 * The table as insmod of 1995 made it: header, symbols, references, names.
 *
 * @throws RangeError for an address that does not fit
 */
export function encodeSymbolTable(
  { symbols, references }: SymbolTableContent,
  layout: StructureLayout = {},
): Uint8Array {
  const { symbolsAt, referencesAt, namesAt } = partsOf(symbols.length, references.length, layout);
  const names = symbols.map(({ name }) => Buffer.from(`${name}\0`, 'latin1'));
  const size = namesAt + names.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(size);
  const counts = { size, symbolCount: symbols.length, referenceCount: references.length };
  writeStructure(bytes, 0, { fields: header, values: counts, layout });
  let nameAt = namesAt;
  for (const [index, { value }] of symbols.entries()) {
    const values = { value, name: BigInt(nameAt) };
    const at = symbolsAt + index * structureSize(internalSymbol, layout);
    writeStructure(bytes, at, { fields: internalSymbol, values, layout });
    bytes.set(names[index] ?? [], nameAt);
    nameAt += names[index]?.length ?? 0;
  }
  for (const [index, module] of references.entries()) {
    const at = referencesAt + index * structureSize(moduleReference, layout);
    writeStructure(bytes, at, { fields: moduleReference, values: { module, next: 0n }, layout });
  }
  return bytes;
}

/**
 * Reads a table, with the checks that the kernel made of it.
 *
 * @throws RangeError where the kernel would have answered EINVAL: negative counts, tables larger than the whole, a
 *   name that begins inside of them or behind the end
 */
export function decodeSymbolTable(bytes: Uint8Array, layout: StructureLayout = {}): SymbolTableContent {
  const { size, symbolCount, referenceCount } = readStructure(bytes, 0, { fields: header, layout });
  if (size < 0 || size > bytes.length)
    throw argumentRangeError('size', `from 0 to the ${bytes.length} bytes that are there`, size);
  if (symbolCount < 0) throw argumentRangeError('n_symbols', 'not negative', symbolCount);
  if (referenceCount < 0) throw argumentRangeError('n_refs', 'not negative', referenceCount);
  const { symbolsAt, referencesAt, namesAt } = partsOf(symbolCount, referenceCount, layout);
  if (namesAt > size)
    throw argumentRangeError('size', `at least ${namesAt} for so many symbols and references`, size);
  const symbols = Array.from({ length: symbolCount }, (_, index) => {
    const at = symbolsAt + index * structureSize(internalSymbol, layout);
    const { value, name } = readStructure(bytes, at, { fields: internalSymbol, layout });
    if (name < namesAt || name >= size)
      throw argumentRangeError(
        `the name of symbol ${index}`,
        `from ${namesAt} to ${size - 1}, where names are`,
        name,
      );
    return { name: textAt(bytes, Number(name), size), value };
  });
  const references = Array.from({ length: referenceCount }, (_, index) => {
    const at = referencesAt + index * structureSize(moduleReference, layout);
    return readStructure(bytes, at, { fields: moduleReference, layout }).module;
  });
  return { symbols, references };
}

function partsOf(
  symbols: number,
  references: number,
  layout: StructureLayout,
): { readonly symbolsAt: number; readonly referencesAt: number; readonly namesAt: number } {
  // The header is followed by what is aligned to a word.
  const symbolsAt =
    structureSize([...header, ['first', 'word']], layout) - structureSize([['word', 'word']], layout);
  const referencesAt = symbolsAt + symbols * structureSize(internalSymbol, layout);
  return {
    symbolsAt,
    referencesAt,
    namesAt: referencesAt + references * structureSize(moduleReference, layout),
  };
}
