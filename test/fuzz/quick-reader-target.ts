import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { contributionSet, mergeColumns } from '../../src/depmod/contribution-set.ts';
import { ContributionTable } from '../../src/depmod/contribution-table.ts';
import { scanInParallel } from '../../src/depmod/parallel-scan.ts';
import { ContributionReader } from '../../src/module-file/contribution-reader.ts';
import { SymbolNames } from '../../src/module-file/symbol-names.ts';
import { viewOf } from '../depmod/contribution-view.ts';

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'fuzz.ko');

/** A module file: where depmod's quick reader takes it, the general reader finds the same in it. */
export function fuzz(data: Buffer): void {
  if (data.length > 1 << 16) return;
  writeFileSync(file, data);
  for (const compat of [false, true]) {
    const { part, left } = scanInParallel({ files: [file], order: Uint32Array.of(0), compat, helpers: 0 });
    if (part === undefined || left.length > 0) continue;
    const symbols = new SymbolNames();
    const table = new ContributionTable();
    table.begin();
    new ContributionReader({ symbols, compat }).read(data, 'fuzz.ko', table);
    table.commit(0);
    deepStrictEqual(table.problems, []);
    const general = { columns: table.columns(), names: symbols.packed() };
    const [found, expected] = [part, general].map((one) => viewOf(contributionSet(mergeColumns([one]), 1)));
    deepStrictEqual(found, expected);
  }
}
