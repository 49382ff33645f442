import test from 'ava';

import { compareRecords } from './comparison.ts';
import { runThemes, type ThemeRecord } from './guests.ts';
import { themes } from './themes.ts';

/** Declares a test for each scenario, on a kernel. The first one that runs starts the guests and runs all. */
export function declareScenarios(kernel: string): void {
  let records: Promise<ReadonlyMap<string, ThemeRecord>> | undefined;
  for (const { name, scenarios } of themes)
    for (const [index, scenario] of scenarios.entries())
      test(`${kernel}: ${name}: ${scenario.title}`, async (t) => {
        records ??= runThemes(kernel, themes);
        const { ours, kmod } = (await records).get(name) ?? { ours: [], kmod: [] };
        const [own, theirs] = [ours[index], kmod[index]];
        if (own === undefined || theirs === undefined) throw new Error('no record');
        t.deepEqual(compareRecords(scenario, own, theirs), []);
      });
}
