import type { NamedColumns } from '../../src/depmod/contribution-columns.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';
import { firstTexts, type InputReader, poolInput } from './input-reader.ts';

/** What one file contributes: see tree-input.h. */
export interface InputModule {
  readonly name: string;
  readonly path: string;
  /** {@link UNREAD}: the file could not be read. */
  readonly part: number;
  readonly exports: readonly string[];
  readonly needs: readonly string[];
  readonly texts: readonly (readonly string[])[];
}

export const UNREAD = 0xff;

/** What an input is. */
export interface TreeInput {
  readonly parallel: boolean;
  readonly limited: boolean;
  readonly limit: number;
  readonly modules: readonly InputModule[];
  /** As many as the input says; undefined for columns that need not fit together, which are {@link TreeInput.raw}. */
  readonly partCount: number;
  readonly raw: readonly NamedColumns[] | undefined;
}

const PARALLEL = 1;
const RAW = 2;
const LIMITED = 4;

/** Reads a whole input. */
export function readTreeInput(input: InputReader): TreeInput {
  const flags = input.byte();
  input.byte(); // the seed, which the addon chooses itself
  const partCount = 1 + (input.byte() % 4);
  const limited = (flags & LIMITED) !== 0;
  const limit = limited ? input.byte() * 16 : 2 ** 20;
  input.readPool();
  const modules = Array.from({ length: input.byte() % 24 }, () => readModule(input));
  const raw = (flags & RAW) === 0 ? undefined : readRawParts(input, partCount);
  return { parallel: (flags & PARALLEL) !== 0, limited, limit, modules, partCount, raw };
}

function readModule(input: InputReader): InputModule {
  return {
    name: input.text(),
    path: input.text(),
    part: input.byte(),
    exports: input.texts(8),
    needs: input.texts(8),
    texts: [5, 5, 5].map((limit) => input.texts(limit).map((text) => text.replace(/\0.*/s, ''))),
  };
}

function readRawParts(input: InputReader, count: number): readonly NamedColumns[] {
  let names = packTexts([]);
  return Array.from({ length: count }, (_, part): NamedColumns => {
    const kind = input.byte();
    if (part === 0 || kind < 0x80) names = input.packed(64);
    const [rows, exports, needs] = [input.words(), input.words(), input.words()];
    const texts = [256, 256, 256].map((limit) => Buffer.from(input.bytes(limit), 'latin1'));
    return {
      names: firstTexts(names, kind & 0x7f),
      columns: withoutVersions({ rows, exports, needs, texts }),
    };
  });
}

function withoutVersions(
  columns: Pick<NamedColumns['columns'], 'rows' | 'exports' | 'needs' | 'texts'>,
): NamedColumns['columns'] {
  const { exports, needs } = columns;
  return {
    ...columns,
    exportCrcs: new Uint32Array(exports.length),
    needCrcs: new Uint32Array(needs.length),
    needWeak: new Uint8Array(needs.length),
  };
}

/** The modules in `count` parts, each with names of its own. */
export function partsOf(modules: readonly InputModule[], count: number): readonly NamedColumns[] {
  return Array.from({ length: count }, (_, part) => {
    const numbers = new Map<string, number>();
    const number = (name: string): number => {
      if (!numbers.has(name)) numbers.set(name, numbers.size);
      return numbers.get(name) ?? 0;
    };
    const own = [...modules.entries()].filter(
      ([, module]) => module.part !== UNREAD && module.part % count === part,
    );
    const rows = own.flatMap(([index, { exports, needs, texts }]) => [
      index,
      exports.length,
      needs.length,
      ...texts.map(({ length }) => length),
    ]);
    // In this order each, as the columns have them: a name's number does not matter.
    const exports = Uint32Array.from(own.flatMap(([, module]) => module.exports.map(number)));
    const needs = Uint32Array.from(own.flatMap(([, module]) => module.needs.map(number)));
    const texts = [0, 1, 2].map((kind) =>
      Buffer.from(
        own.flatMap(([, module]) => (module.texts[kind] ?? []).map((text) => `${text}\0`)).join(''),
        'latin1',
      ),
    );
    return {
      names: packTexts([...numbers.keys()]),
      columns: withoutVersions({ rows: Uint32Array.from(rows), exports, needs, texts }),
    };
  });
}

/** An input for these modules, whose texts are fewer than 64. */
export function treeInput(modules: readonly InputModule[], flags: number, partCount: number): Buffer {
  const pool: string[] = [];
  const place = (text: string): number => {
    if (!pool.includes(text)) pool.push(text);
    return pool.indexOf(text);
  };
  const list = (texts: readonly string[]): readonly number[] => [texts.length, ...texts.map(place)];
  const bytes = modules.flatMap(({ name, path, part, exports, needs, texts }) => [
    place(name),
    place(path),
    part,
    ...list(exports),
    ...list(needs),
    ...texts.flatMap(list),
  ]);
  const head = [flags, 0, partCount - 1, ...((flags & LIMITED) === 0 ? [] : [255])];
  return Buffer.concat([Buffer.from(head), poolInput(pool), Buffer.of(modules.length), Buffer.from(bytes)]);
}
