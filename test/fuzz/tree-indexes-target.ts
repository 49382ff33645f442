import { deepStrictEqual, strictEqual } from 'node:assert';

import { aliasFiles } from '../../src/depmod/alias-files.ts';
import { contributionSet, mergeColumns } from '../../src/depmod/contribution-set.ts';
import { dependencyEdges } from '../../src/depmod/dependency-edges.ts';
import { dependencyFiles } from '../../src/depmod/dependency-files.ts';
import { dependencyOrder } from '../../src/depmod/dependency-order.ts';
import { noKernelSymbols } from '../../src/depmod/kernel-symbols.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';
import { softDependencyFiles } from '../../src/depmod/soft-dependency-files.ts';
import { symbolFiles } from '../../src/depmod/symbol-files.ts';
import { symbolOwners } from '../../src/depmod/symbol-owners.ts';
import type { NativeIndexes } from '../../src/native/binding.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { InputReader } from './input-reader.ts';
import { type InputModule, partsOf, readTreeInput } from './tree-input.ts';

/** What tree-indexes-target.cc does, in the addon as it is; the model is what depmod does in TypeScript. */
export function fuzz(data: Buffer): void {
  const { parallel, limited, limit, modules, partCount, raw } = readTreeInput(new InputReader(data));
  const names = packTexts(modules.map(({ name }) => name));
  const paths = packTexts(modules.map(({ path }) => path));
  const make = (
    parts: Parameters<typeof partsOf>[1] | typeof raw,
    withThread: boolean,
  ): NativeIndexes | null =>
    nativeBinding().makeIndexes(
      names,
      paths,
      typeof parts === 'number' ? partsOf(modules, parts) : (parts ?? []),
      limit,
      withThread,
    );
  if (raw !== undefined) {
    make(raw, parallel);
    return;
  }
  const whole = make(1, false);
  deepStrictEqual(make(partCount, parallel), whole);
  const expected = isUsual(modules) ? complete(modules) : undefined;
  if (!limited) strictEqual(whole !== null, expected !== undefined, 'what is usual is made, and only that');
  if (whole === null || expected === undefined) return;
  const { dep, depBin, alias, aliasBin, softdep, weakdep, symbols, symbolsBin } = whole;
  deepStrictEqual([dep, depBin, alias, aliasBin, softdep, weakdep, symbols, symbolsBin], expected);
}

/** All files, by the complete way; undefined for modules that need each other. */
function complete(modules: readonly InputModule[]): readonly Buffer[] | undefined {
  const set = contributionSet(mergeColumns(partsOf(modules, 1)), modules.length);
  const symbols = symbolOwners(set, noKernelSymbols, { prefix: '' });
  const edges = dependencyEdges(set.modules, symbols);
  const order = dependencyOrder(edges);
  if (order.unordered.length > 0) return undefined;
  const data = {
    names: modules.map(({ name }) => name),
    paths: modules.map(({ path }) => path),
    contributions: set.modules,
    symbols,
    edges,
    order,
  };
  let reported = false;
  const report = (): void => {
    reported = true;
  };
  const files = [
    ...dependencyFiles(data, false),
    ...aliasFiles(data, { warnsOfDuplicates: false, textOnly: false, report }),
    ...softDependencyFiles(data),
    ...symbolFiles(data, false),
  ];
  return reported ? undefined : files.map(({ content }) => content);
}

// Whatever becomes part of a binary file is ASCII without NUL, and no name begins with a dot.
function isUsual(modules: readonly InputModule[]): boolean {
  const read = modules.filter(({ part }) => part !== 0xff);
  const written = [
    ...modules.flatMap(({ name, path }) => [name, path]),
    ...read.flatMap(({ exports, texts }) => [...exports, ...(texts[0] ?? [])]),
  ];
  return (
    written.every((text) => !text.includes('\0') && !/[\u0080-\u{ffff}]/u.test(text)) &&
    read.every(({ exports, needs }) => [...exports, ...needs].every((name) => !name.startsWith('.')))
  );
}
