/** struct kernel_sym, the entry of get_kernel_syms(2). */
import { argumentRangeError } from '../../errors/argument.ts';
import { SYM_MAX_NAME } from './module-constants.ts';
import { readStructure, type StructureLayout, structureSize, writeStructure } from './structure.ts';

/** A symbol and its value. */
export interface KernelSymbol {
  /** Of a symbol; `#NAME` begins the symbols of a module, `#` those of the kernel. */
  readonly name: string;
  /** Address; of `#NAME` that of the module's `struct module`. Null where the kernel hides it. */
  readonly value: bigint | null;
}

const kernelSym = [
  ['value', 'word'],
  ['name', SYM_MAX_NAME],
] as const;

/** Size of a struct kernel_sym in bytes: 64 with 32 bits, 72 with 64. */
export function kernelSymbolSize(layout: StructureLayout = {}): number {
  return structureSize(kernelSym, layout);
}

/**
 * The table as get_kernel_syms(2) writes it. Names are cut to 59 characters, and a hidden value is 0 there.
 *
 * @throws RangeError for an address that does not fit
 */
export function encodeKernelSymbols(
  symbols: readonly KernelSymbol[],
  layout: StructureLayout = {},
): Uint8Array {
  const size = kernelSymbolSize(layout);
  const bytes = new Uint8Array(symbols.length * size);
  for (const [index, { name, value }] of symbols.entries())
    writeStructure(bytes, index * size, { fields: kernelSym, values: { name, value: value ?? 0n }, layout });
  return bytes;
}

/**
 * The entries of a table that get_kernel_syms(2) wrote.
 *
 * @throws RangeError for bytes that are not whole entries
 */
export function decodeKernelSymbols(
  bytes: Uint8Array,
  layout: StructureLayout = {},
): readonly { readonly name: string; readonly value: bigint }[] {
  const size = kernelSymbolSize(layout);
  if (bytes.length % size !== 0)
    throw argumentRangeError('bytes', `a multiple of ${size} bytes long`, `${bytes.length} bytes`);
  return Array.from({ length: bytes.length / size }, (_, index) =>
    readStructure(bytes, index * size, { fields: kernelSym, layout }),
  );
}
