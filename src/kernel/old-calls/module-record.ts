/** struct module and struct mod_routines: what the kernels of 1995, and those of 2.2 and 2.4, kept of a module. */
import {
  readStructure,
  type StructureLayout,
  structureSize,
  type StructureValues,
  writeStructure,
} from './structure.ts';

/** The two functions of a module, an argument of init_module(2) in 1995. */
const routines = [
  ['init', 'word'],
  ['cleanup', 'word'],
] as const;

/** struct module of 1995. Words are addresses; `size` counts pages; `ref` leads to the modules that use it. */
const record1995 = [
  ['next', 'word'],
  ['ref', 'word'],
  ['symtab', 'word'],
  ['name', 'word'],
  ['size', 'int'],
  ['addr', 'word'],
  ['state', 'int'],
  ['cleanup', 'word'],
] as const;

/** struct module of 2.2 and 2.4, on machines without a global pointer. `size` is in bytes. */
const record24 = [
  ['size_of_struct', 'word'],
  ['next', 'word'],
  ['name', 'word'],
  ['size', 'word'],
  ['usecount', 'word'],
  ['flags', 'word'],
  ['nsyms', 'unsigned'],
  ['ndeps', 'unsigned'],
  ['syms', 'word'],
  ['deps', 'word'],
  ['refs', 'word'],
  ['init', 'word'],
  ['cleanup', 'word'],
  ['ex_table_start', 'word'],
  ['ex_table_end', 'word'],
] as const;

/** What 2.4 added to it; `size_of_struct` tells how much of this is there. */
const additions24 = [
  ['persist_start', 'word'],
  ['persist_end', 'word'],
  ['can_unload', 'word'],
  ['runsize', 'int'],
  ['kallsyms_start', 'word'],
  ['kallsyms_end', 'word'],
  ['archdata_start', 'word'],
  ['archdata_end', 'word'],
  ['kernel_data', 'word'],
] as const;

/** The values of struct mod_routines. */
export type ModRoutines = StructureValues<typeof routines>;
/** The values of struct module of 1995. */
export type ModuleRecord1995 = StructureValues<typeof record1995>;
/** The values of struct module of 2.2 and 2.4. */
export type ModuleRecord24 = StructureValues<typeof record24> & Partial<StructureValues<typeof additions24>>;

/** struct mod_routines as bytes: 8 with 32 bits, 16 with 64. */
export function encodeModRoutines(values: ModRoutines, layout: StructureLayout = {}): Uint8Array {
  const bytes = new Uint8Array(structureSize(routines, layout));
  writeStructure(bytes, 0, { fields: routines, values, layout });
  return bytes;
}

/** @throws RangeError for bytes that are too few */
export function decodeModRoutines(bytes: Uint8Array, layout: StructureLayout = {}): ModRoutines {
  return readStructure(bytes, 0, { fields: routines, layout });
}

/** struct module of 1995 as bytes: 32 with 32 bits, 64 with 64. */
export function encodeModuleRecord1995(values: ModuleRecord1995, layout: StructureLayout = {}): Uint8Array {
  const bytes = new Uint8Array(structureSize(record1995, layout));
  writeStructure(bytes, 0, { fields: record1995, values, layout });
  return bytes;
}

/** @throws RangeError for bytes that are too few */
export function decodeModuleRecord1995(bytes: Uint8Array, layout: StructureLayout = {}): ModuleRecord1995 {
  return readStructure(bytes, 0, { fields: record1995, layout });
}

const whole24 = [...record24, ...additions24] as const;

/**
 * struct module of 2.4 as bytes, all of it: 96 with 32 bits, 184 with 64. `size_of_struct` is filled in, and what is not
 * given is 0.
 */
export function encodeModuleRecord24(
  values: Omit<ModuleRecord24, 'size_of_struct'>,
  layout: StructureLayout = {},
): Uint8Array {
  const size = structureSize(whole24, layout);
  const bytes = new Uint8Array(size);
  const all = { ...values, size_of_struct: BigInt(size) } as StructureValues<typeof whole24>;
  writeStructure(bytes, 0, { fields: whole24, values: all, layout });
  return bytes;
}

/**
 * Reads as much of a struct module of 2.2 or 2.4 as its `size_of_struct` says is there; later fields are left out.
 *
 * @throws RangeError for bytes that are too few
 */
export function decodeModuleRecord24(bytes: Uint8Array, layout: StructureLayout = {}): ModuleRecord24 {
  const first = readStructure(bytes, 0, { fields: record24, layout });
  const count = additions24.findLastIndex(
    (_, index) =>
      BigInt(structureSize([...record24, ...additions24.slice(0, index + 1)], layout)) <=
      first.size_of_struct,
  );
  const fields = [...record24, ...additions24.slice(0, count + 1)];
  return readStructure(bytes, 0, { fields, layout });
}
