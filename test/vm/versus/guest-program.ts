/** The program that runs in a guest: themes and side come in as JSON, the records go out as JSON. */
import { readFileSync } from 'node:fs';

import { runScenarios, type Side } from './guest-runner.ts';
import type { ScenarioRecord, Theme } from './scenario.ts';

/** What the program reads. */
export interface GuestTask {
  readonly themes: readonly Theme[];
  readonly side: Side;
}

/** What the program writes: records of scenarios by the name of their theme. */
export type GuestRecords = Readonly<Record<string, readonly ScenarioRecord[]>>;

const { themes, side } = JSON.parse(readFileSync(0, 'utf8')) as GuestTask;
const records: Record<string, readonly ScenarioRecord[]> = {};
for (const { name, scenarios } of themes) {
  const begun = performance.now();
  records[name] = await runScenarios(scenarios, side);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stderr.write(`${name}: ${scenarios.length} scenarios in ${seconds} s\n`);
}
process.stdout.write(JSON.stringify(records satisfies GuestRecords));
