import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { type FuzzResult, fuzzerOptions, type FuzzRun, runFuzzer } from './fuzz-run.ts';
import { nodeForJazzer } from './newer-libraries.ts';

/** Fuzzes a parser in TypeScript: Jazzer.js counts the branches of all compiled code of this package. */
export async function fuzzJavaScript(run: FuzzRun): Promise<FuzzResult> {
  const jazzer = createRequire(import.meta.url).resolve('@jazzer.js/core/dist/cli.js');
  const target = fileURLToPath(new URL(`./${run.target}-target.js`, import.meta.url));
  const options = ['--sync', '-i', 'dist/src', '-e', 'node_modules', '--disable_bug_detectors', '.*'];
  return await runFuzzer([
    ...(await nodeForJazzer()),
    jazzer,
    target,
    ...options,
    run.corpus,
    run.seeds,
    '--',
    ...fuzzerOptions(run),
  ]);
}
