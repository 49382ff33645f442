/**
 * `node alias-lookup-process.js MODULE_DIRECTORY REQUESTS PASSES`: looks up every line of a file as modprobe does, several times
 * over. Prints one line of JSON for each pass, of the same form as alias-lookup.c. With 0 passes it opens nothing.
 */
import { readFileSync } from 'node:fs';

import { ModuleTree } from '../src/index-files/module-tree.ts';
import { lookUpName } from '../src/plan/lookup.ts';

const [, , moduleDirectory = '', file = '', passes = '1'] = process.argv;
const requests = readFileSync(file, 'latin1').trimEnd().split('\n');
const tree = new ModuleTree({ moduleDirectory });
const peak = (): number => process.resourceUsage().maxRSS;
if (passes !== '0') tree.readAll();
const peakBefore = peak();
for (let pass = 0; pass < Number(passes); pass++) {
  const start = process.hrtime.bigint();
  let found = 0;
  for (const request of requests) found += lookUpName(tree, request).length;
  const nanoseconds = Number(process.hrtime.bigint() - start);
  const measure = { nanoseconds, requests: requests.length, found, peakKilobytes: peak(), peakBefore };
  process.stdout.write(`${JSON.stringify(measure)}\n`);
}
if (passes === '0') process.stdout.write(`${JSON.stringify({ peakKilobytes: peak() })}\n`);
