import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { packageRoot } from '../../src/native/load-binding.ts';
import { runChild } from '../native/child-process.ts';
import { type FuzzResult, fuzzerOptions, type FuzzRun, runFuzzer } from './fuzz-run.ts';

/** The files in native/ that each target is about; its own is beside this one. */
const parts: Readonly<Record<string, readonly string[]>> = {
  decoder: ['decoder', 'liblzma', 'libzstd', 'shared_library', 'unpacked_memory'],
  contribution: [
    'contribution_columns',
    'contribution_reader',
    'module_parts',
    'module_sections',
    'symbol_names',
  ],
  'tree-indexes': [
    'dependency_graph',
    'index_encoding',
    'index_entries',
    'name_hash',
    'symbol_names',
    'tree_contributions',
    'tree_indexes',
  ],
  'tree-listing': [
    'contribution_columns',
    'contribution_reader',
    'decoder',
    'file_stamps',
    'liblzma',
    'libzstd',
    'module_listing',
    'module_parts',
    'module_scan',
    'module_sections',
    'name_hash',
    'random_seed',
    'shared_library',
    'symbol_names',
    'text_matching',
  ],
};

/** Fuzzes code in C++ by libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer. */
export async function fuzzNative(run: FuzzRun): Promise<FuzzResult> {
  const program = join(dirname(run.corpus), `${run.target}-fuzzer`);
  const sources = [
    `test/fuzz/${run.target}-target.cc`,
    ...(parts[run.target] ?? []).map((name) => `native/${name}.cc`),
  ];
  mkdirSync(dirname(program), { recursive: true });
  const flags = ['-std=c++17', '-g', '-O1', '-Wall', '-Wextra', '-fno-exceptions'];
  const sanitizers = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'];
  const build = await runChild(
    'clang++',
    [
      ...flags,
      ...sanitizers,
      '-o',
      program,
      ...sources.map((source) => join(packageRoot(), source)),
      '-ldl',
      '-pthread',
    ],
    { timeout: 300_000 },
  ).catch((error: Error) => ({ code: 1, stderr: error.message }));
  if (build.code !== 0)
    throw new Error(
      `${build.stderr}\nThe native fuzzer needs clang with libFuzzer: apt-get install clang libclang-rt-14-dev`,
    );
  return await runFuzzer([program, run.corpus, run.seeds, ...fuzzerOptions(run)]);
}
