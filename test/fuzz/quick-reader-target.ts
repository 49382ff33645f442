import { deepStrictEqual } from 'node:assert';

import { ContributionTable } from '../../src/depmod/contribution-table.ts';
import { QuickReader } from '../../src/depmod/quick-reader.ts';
import { ContributionReader } from '../../src/module-file/contribution-reader.ts';
import { SymbolNames } from '../../src/module-file/symbol-names.ts';

/** A pair is costly to make, and keeps the names of all files: each one reads some thousand. */
const FILES_PER_PAIR = 5000;
const memory = Buffer.from(new ArrayBuffer(1 << 17));
let files = 0;
let pairs = makePairs();

function makePairs(): ReturnType<typeof makePair>[] {
  return [makePair(false), makePair(true)];
}

function makePair(compat: boolean): {
  quickTable: ContributionTable;
  quick: QuickReader;
  table: ContributionTable;
  reader: ContributionReader;
} {
  const symbols = new SymbolNames();
  const quickTable = new ContributionTable();
  const quick = new QuickReader(quickTable, symbols, compat);
  return {
    quickTable,
    quick,
    table: new ContributionTable(),
    reader: new ContributionReader({ symbols, compat }),
  };
}

/** An unpacked module file: where depmod's quick reader takes it, the general reader finds the same in it. */
export function fuzz(data: Buffer): void {
  if (data.length > memory.length / 2) return;
  if (files++ % FILES_PER_PAIR === 0) pairs = makePairs();
  // In the middle of memory with other content, as a file that was unpacked after a larger one.
  memory.fill('x', 0, data.length + 4096);
  data.copy(memory, 2048);
  const image = memory.subarray(2048, 2048 + data.length);
  for (const { quickTable, quick, table, reader } of pairs) {
    quickTable.begin();
    if (!quick.readImage(image)) continue;
    table.begin();
    reader.read(image, 'fuzz.ko', table);
    deepStrictEqual(table.problems, []);
    deepStrictEqual(quickTable.columns(), table.columns());
  }
}
