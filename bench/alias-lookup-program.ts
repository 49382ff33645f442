/** The C program of this folder on a kmod's own libkmod. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import type { ReferenceKmod } from '../test/reference/reference-kmod.ts';

/** What a run of either side found and took. */
export interface LookupMeasure {
  readonly nanoseconds: number;
  readonly requests: number;
  /** Modules, all requests together. */
  readonly found: number;
  /** Most memory that was resident, and how much it had been before the first request. */
  readonly peakKilobytes: number;
  readonly peakBefore: number;
}

/** {@link lookupProgram} */
export interface LookupProgram {
  /** @param requests path of a file with one request a line */
  readonly measure: (directory: string, requests: string) => LookupMeasure;
  /** For each request the modules found, with blanks between. */
  readonly results: (directory: string, requests: string) => readonly string[];
}

/** Compiles `alias-lookup.c` into a folder. */
export function lookupProgram(kmod: ReferenceKmod, folder: string): LookupProgram {
  const program = join(folder, 'alias-lookup');
  const library = join(kmod.libraries, 'libkmod.so.2');
  const link = ['-Wl,--allow-shlib-undefined', '-o', program, 'bench/alias-lookup.c', library];
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', ...link]);
  const run = (...args: readonly string[]): string =>
    execFileSync(kmod.loader, ['--library-path', kmod.libraries, program, ...args], {
      encoding: 'latin1',
      maxBuffer: 2 ** 28,
    });
  return {
    measure: (directory, requests) => JSON.parse(run(directory, requests)) as LookupMeasure,
    results: (directory, requests) => run(directory, requests, '--results').trimEnd().split('\n'),
  };
}
