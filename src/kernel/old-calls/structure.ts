/** C structures of the calls of 1995 and of Linux 2.2 and 2.4: from values to bytes and back. No input makes it read outside. */
import { argumentRangeError } from '../../errors/argument.ts';

/** What decides where a C compiler puts the fields of a structure. */
export interface StructureLayout {
  /** Size of `unsigned long` and of pointers. Default: that of this process. */
  readonly bits?: 32 | 64 | undefined;
  /** Default: that of this machine. */
  readonly byteOrder?: 'little' | 'big' | undefined;
}

/** Kind of a field: an unsigned long or pointer, an int, an unsigned int, or so many characters. */
type FieldKind = 'word' | 'int' | 'unsigned' | number;

type Field = readonly [name: string, kind: FieldKind];

/** Fields in their order. */
export type Structure = readonly Field[];

/** The values of a structure: words are bigint, integers number, characters text up to their NUL. */
export type StructureValues<Fields extends Structure> = {
  readonly [Each in Fields[number] as Each[0]]: Each[1] extends 'word'
    ? bigint
    : Each[1] extends number
      ? string
      : number;
};

/** Size of an `unsigned long` in bytes. */
export function wordSize({ bits = processBits() }: StructureLayout): 4 | 8 {
  return bits === 64 ? 8 : 4;
}

/** Size of a structure in bytes, with what the compiler adds at its end. */
export function structureSize(fields: Structure, layout: StructureLayout = {}): number {
  const word = wordSize(layout);
  const end = places(fields, layout).reduce((_, { at, size }) => at + size, 0);
  const alignment = Math.max(...fields.map(([, kind]) => alignmentOf(kind, word)));
  return alignUp(end, alignment);
}

/**
 * Writes a structure.
 *
 * @param at where it begins, in bytes
 * @throws RangeError for a value that its field cannot hold, and where the bytes end too soon
 */
export function writeStructure<const Fields extends Structure>(
  bytes: Uint8Array,
  at: number,
  {
    fields,
    values,
    layout = {},
  }: { fields: Fields; values: StructureValues<Fields>; layout?: StructureLayout },
): void {
  const view = requireRoom(bytes, at, structureSize(fields, layout));
  const little = isLittle(layout);
  bytes.fill(0, at, at + structureSize(fields, layout));
  for (const { name, kind, at: offset, size } of places(fields, layout)) {
    const value = (values as Readonly<Record<string, bigint | number | string>>)[name];
    const place = at + offset;
    if (typeof value === 'string') bytes.set(Buffer.from(value, 'latin1').subarray(0, size - 1), place);
    else if (kind === 'word') writeWord(view, place, { name, value: BigInt(value ?? 0), size, little });
    else {
      const [least, most] = kind === 'int' ? [-0x8000_0000, 0x7fff_ffff] : [0, 0xffff_ffff];
      const number = Number(value ?? 0);
      if (!Number.isInteger(number) || number < least || number > most)
        throw argumentRangeError(name, `an integer from ${least} to ${most}`, value);
      view.setUint32(place, number >>> 0, little);
    }
  }
}

/**
 * Reads a structure.
 *
 * @param at where it begins, in bytes
 * @throws RangeError where the bytes end too soon
 */
export function readStructure<const Fields extends Structure>(
  bytes: Uint8Array,
  at: number,
  { fields, layout = {} }: { fields: Fields; layout?: StructureLayout },
): StructureValues<Fields> {
  const view = requireRoom(bytes, at, structureSize(fields, layout));
  const little = isLittle(layout);
  const values = places(fields, layout).map(({ name, kind, at: offset, size }) => {
    const place = at + offset;
    if (typeof kind === 'number') return [name, textAt(bytes, place, place + size)];
    if (kind === 'word')
      return [name, size === 8 ? view.getBigUint64(place, little) : BigInt(view.getUint32(place, little))];
    return [name, kind === 'int' ? view.getInt32(place, little) : view.getUint32(place, little)];
  });
  return Object.fromEntries(values) as StructureValues<Fields>;
}

/** The characters from a place to the NUL behind them, or to `end` where there is none. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  const nul = bytes.subarray(start, end).indexOf(0);
  const stop = nul === -1 ? end : start + nul;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, stop);
}

interface Place {
  readonly name: string;
  readonly kind: FieldKind;
  readonly at: number;
  readonly size: number;
}

function places(fields: Structure, layout: StructureLayout): readonly Place[] {
  const word = wordSize(layout);
  let end = 0;
  return fields.map(([name, kind]) => {
    const at = alignUp(end, alignmentOf(kind, word));
    const size = typeof kind === 'number' ? kind : alignmentOf(kind, word);
    end = at + size;
    return { name, kind, at, size };
  });
}

function alignmentOf(kind: FieldKind, word: number): number {
  if (typeof kind === 'number') return 1;
  return kind === 'word' ? word : 4;
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function writeWord(
  view: DataView,
  at: number,
  word: { readonly name: string; readonly value: bigint; readonly size: number; readonly little: boolean },
): void {
  const { name, value, size, little } = word;
  if (value < 0n || value >= 1n << BigInt(8 * size))
    throw argumentRangeError(name, `a number of ${8 * size} bits, not negative`, value);
  if (size === 8) view.setBigUint64(at, value, little);
  else view.setUint32(at, Number(value), little);
}

function requireRoom(bytes: Uint8Array, at: number, size: number): DataView {
  if (!Number.isInteger(at) || at < 0 || at + size > bytes.byteLength)
    throw argumentRangeError('bytes', `at least ${at + size} bytes long`, `${bytes.byteLength} bytes`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function processBits(): 32 | 64 {
  return process.arch === 'ia32' || process.arch === 'arm' ? 32 : 64;
}

function isLittle({ byteOrder }: StructureLayout): boolean {
  return byteOrder === undefined ? LITTLE : byteOrder === 'little';
}

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
