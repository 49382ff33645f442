/**
 * Coverage-guided fuzzing of whatever parses untrusted files:
 *
 *     node dist/test/fuzz/run.js TARGET [--seconds N]
 *
 * Default 600 seconds. The corpus is kept in the cache folder and grows from run to run. An input with a finding lands
 * in test/fuzz/findings/TARGET/, where a normal test replays it from then on: fix what it shows and commit it.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { packageRoot } from '../../src/native/load-binding.ts';
import { cacheDirectory } from '../../vm/packages/cache-directory.ts';
import type { FuzzResult, FuzzRun } from './fuzz-run.ts';
import { fuzzJavaScript } from './javascript-fuzzer.ts';
import { fuzzNative } from './native-fuzzer.ts';
import { writeSeeds } from './seeds.ts';

const fuzzers: Readonly<Record<string, (run: FuzzRun) => Promise<FuzzResult>>> = {
  'module-file': fuzzJavaScript,
  'quick-reader': fuzzJavaScript,
  'modinfo-window': fuzzJavaScript,
  signature: fuzzJavaScript,
  modinfo: fuzzJavaScript,
  index: fuzzJavaScript,
  'modules-conf': fuzzJavaScript,
  configuration: fuzzJavaScript,
  uevent: fuzzJavaScript,
  decoder: fuzzNative,
  contribution: fuzzNative,
  'tree-indexes': fuzzNative,
  'tree-listing': fuzzNative,
};

function usage(): never {
  process.stderr.write(`Usage: node dist/test/fuzz/run.js ${Object.keys(fuzzers).join('|')} [--seconds N]\n`);
  process.exit(2);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '600' } },
});
const [target = ''] = positionals;
const fuzz = fuzzers[target];
const seconds = Number(values.seconds);
if (fuzz === undefined || positionals.length !== 1 || !(seconds > 0)) usage();

process.chdir(packageRoot());
const folder = join(cacheDirectory(), 'fuzz', target);
const run: FuzzRun = {
  target,
  seconds,
  corpus: join(folder, 'corpus'),
  seeds: join(folder, 'seeds'),
  findings: join(packageRoot(), 'test', 'fuzz', 'findings', target),
};
for (const each of [run.corpus, run.seeds, run.findings]) mkdirSync(each, { recursive: true });
await writeSeeds(target, run.seeds);
const before = new Set(readdirSync(run.findings));
const started = performance.now();
const { executions, edges, slowest, exitCode } = await fuzz(run);
const found = readdirSync(run.findings).filter((name) => !before.has(name));
process.stdout.write(
  `\n${target}: ${executions} executions in ${((performance.now() - started) / 1000).toFixed(0)} s, ${edges} edges reached, slowest input ${slowest} s, ${found.length} findings\n`,
);
for (const name of found) process.stdout.write(`  test/fuzz/findings/${target}/${name}\n`);
process.exitCode = exitCode === 0 && found.length === 0 ? 0 : 1;
