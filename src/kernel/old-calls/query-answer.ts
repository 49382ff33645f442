/** What query_module(2) of Linux 2.2 and 2.4 wrote into its caller's buffer. */
import { argumentRangeError } from '../../errors/argument.ts';
import type { KernelSymbol } from './kernel-symbol.ts';
import { readStructure, type StructureLayout, structureSize, textAt, writeStructure } from './structure.ts';

/** struct module_info, the answer to QM_INFO. */
export interface QueriedInfo {
  /** Address of the `struct module`; null where the kernel hides it. */
  readonly address: bigint | null;
  /** In bytes. */
  readonly size: number;
  /** Sum of `MOD_RUNNING`, `MOD_DELETED`, `MOD_AUTOCLEAN` and so on. */
  readonly flags: number;
  /** -1 for a module that decides by itself whether it can be unloaded, or where the kernel keeps no count. */
  readonly usecount: number;
}

const moduleInfo = [
  ['addr', 'word'],
  ['size', 'word'],
  ['flags', 'word'],
  ['usecount', 'word'],
] as const;

/** One entry of the answer to QM_SYMBOLS: the name is the distance from the buffer's start. */
const moduleSymbol = [
  ['value', 'word'],
  ['name', 'word'],
] as const;

/** struct module_info as bytes: 16 with 32 bits, 32 with 64. A hidden address is 0 there. */
export function encodeModuleInfo(
  { address, size, flags, usecount }: QueriedInfo,
  layout: StructureLayout = {},
): Uint8Array {
  const bytes = new Uint8Array(structureSize(moduleInfo, layout));
  const bits = (bytes.length / 4) * 8;
  writeStructure(bytes, 0, {
    fields: moduleInfo,
    values: {
      addr: address ?? 0n,
      size: BigInt(size),
      flags: BigInt(flags),
      usecount: BigInt.asUintN(bits, BigInt(usecount)),
    },
    layout,
  });
  return bytes;
}

/** @throws RangeError for bytes that are too few */
export function decodeModuleInfo(bytes: Uint8Array, layout: StructureLayout = {}): QueriedInfo {
  const { addr, size, flags, usecount } = readStructure(bytes, 0, { fields: moduleInfo, layout });
  const bits = (structureSize(moduleInfo, layout) / 4) * 8;
  return {
    address: addr,
    size: Number(size),
    flags: Number(flags),
    usecount: Number(BigInt.asIntN(bits, usecount)),
  };
}

/** The answer to QM_MODULES, QM_DEPS and QM_REFS: names, each with a NUL behind it. */
export function encodeModuleNames(names: readonly string[]): Uint8Array {
  return Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
}

/**
 * The names in an answer to QM_MODULES, QM_DEPS or QM_REFS.
 *
 * @param count as the call told it
 * @throws RangeError for bytes that hold fewer names
 */
export function decodeModuleNames(bytes: Uint8Array, count: number): readonly string[] {
  const names = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\0');
  if (names.length - 1 < count) throw argumentRangeError('count', `at most ${names.length - 1}`, count);
  return names.slice(0, count);
}

/** The answer to QM_SYMBOLS: values with the places of their names, then the names. A hidden value is 0 there. */
export function encodeModuleSymbols(
  symbols: readonly KernelSymbol[],
  layout: StructureLayout = {},
): Uint8Array {
  const size = structureSize(moduleSymbol, layout);
  const names = encodeModuleNames(symbols.map(({ name }) => name));
  const bytes = new Uint8Array(symbols.length * size + names.length);
  bytes.set(names, symbols.length * size);
  let nameAt = symbols.length * size;
  for (const [index, { name, value }] of symbols.entries()) {
    const values = { value: value ?? 0n, name: BigInt(nameAt) };
    writeStructure(bytes, index * size, { fields: moduleSymbol, values, layout });
    nameAt += name.length + 1;
  }
  return bytes;
}

/**
 * The symbols in an answer to QM_SYMBOLS.
 *
 * @param count as the call told it
 * @throws RangeError for bytes that are too few, and for a name outside of them
 */
export function decodeModuleSymbols(
  bytes: Uint8Array,
  count: number,
  layout: StructureLayout = {},
): readonly { readonly name: string; readonly value: bigint }[] {
  const size = structureSize(moduleSymbol, layout);
  return Array.from({ length: count }, (_, index) => {
    const { value, name } = readStructure(bytes, index * size, { fields: moduleSymbol, layout });
    if (name >= bytes.length)
      throw argumentRangeError(`the name of symbol ${index}`, `less than ${bytes.length}`, name);
    return { name: textAt(bytes, Number(name), bytes.length), value };
  });
}
