/** A program for guests that makes the kernel ask for modules, see requests.c. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { VirtualMachine } from '../../vm/index.ts';

/** Where the program is in a guest. */
export const REQUEST_MAKER = '/usr/local/bin/make-requests';

/** Something that makes the kernel ask: a user id, a way that requests.c knows, and its arguments. */
export type Trigger = readonly [uid: number, way: string, ...words: (string | number)[]];

/** What came of it. */
export interface Asked {
  /** `ok`, or the errno's name: what the program that did it gets from the kernel. */
  readonly answer: string;
  /** What the kernel asked for, in that order. */
  readonly requests: readonly string[];
}

/** The program, built without libraries. */
export async function buildRequestMaker(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-requests-'));
  try {
    const program = join(folder, 'make-requests');
    await promisify(execFile)('cc', ['-static', '-O1', '-Wall', '-o', program, 'test/history/requests.c']);
    return await readFile(program);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Makes the kernel ask, one after the other. */
export async function makeRequests(
  vm: VirtualMachine,
  triggers: readonly Trigger[],
): Promise<readonly Asked[]> {
  const input = triggers.map((fields) => `${fields.join('\t').replaceAll('\n', String.raw`\n`)}\n`).join('');
  const { stdout, stderr, exitCode } = await vm.run([REQUEST_MAKER], { input, timeout: 400_000 });
  if (exitCode !== 0) throw new Error(`${REQUEST_MAKER}: ${exitCode} ${stderr}`);
  return stdout
    .split('\x1d')
    .slice(0, -1)
    .map((text) => {
      const [answer = '', trace = ''] = text.split('\x1e');
      const requests = [...trace.matchAll(/: module_request: ([^]*?) wait=\d/g)].map(([, name = '']) => name);
      return { answer, requests };
    });
}
