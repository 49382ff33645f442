import { type ChildProcess, spawn } from 'node:child_process';

import type { RunParameters, RunValue } from '../protocol/requests.ts';

/** Most output kept of a program, each stream, in bytes; the rest is dropped and the program killed. */
const LONGEST_OUTPUT = 64 * 1024 * 1024;

/** What a program's run is told and tells. */
export interface ProgramRun {
  readonly parameters: RunParameters;
  readonly input: Uint8Array;
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  readonly onStart: (child: ChildProcess) => void;
}

/** Environment of every program in the guest, before the caller's own variables. */
const baseEnvironment = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: 'linux',
  KMODCTL_IN_GUEST: '1',
};

/**
 * Runs a program as leader of a process group of its own, so that a timeout ends its children too.
 *
 * @throws Error (Node's spawn error) when it cannot be started
 */
export async function runProgram(run: ProgramRun): Promise<{ value: RunValue; output: Buffer }> {
  const { argv, environment, directory, stream } = run.parameters;
  const started = performance.now();
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    cwd: directory,
    env: { ...baseEnvironment, ...environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  run.onStart(child);
  child.stdin.on('error', () => {}); // it may close its input early
  child.stdin.end(run.input);
  const stdout = collect(child, 'stdout', stream, run.onOutput);
  const stderr = collect(child, 'stderr', stream, run.onOutput);
  const { code, signal } = await ended(child);
  const output = Buffer.concat([...stdout, ...stderr]);
  const stdoutLength = stdout.reduce((sum, chunk) => sum + chunk.length, 0);
  return { value: { exitCode: code, signal, durationMs: performance.now() - started, stdoutLength }, output };
}

function collect(
  child: ChildProcess,
  name: 'stdout' | 'stderr',
  stream: boolean,
  onOutput: ProgramRun['onOutput'],
): Buffer[] {
  const chunks: Buffer[] = [];
  let length = 0;
  child[name]?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > LONGEST_OUTPUT) {
      killGroup(child);
      return;
    }
    chunks.push(chunk);
    if (stream) onOutput(name, chunk);
  });
  return chunks;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

/** Ends a program and everything it started that stayed in its group. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
