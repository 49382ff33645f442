import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One run of a program. */
export interface ProcessMeasure {
  readonly milliseconds: number;
  /** The most memory that was resident at a time, files mapped into it included, in kilobytes. */
  readonly peakKilobytes: number;
}

const POLL_MILLISECONDS = 8;

/** Runs a program to its end with its output thrown away. Fails when the program does. */
export async function measureProcess(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<ProcessMeasure> {
  const started = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  let peakKilobytes = 0;
  const timer = setInterval(() => {
    peakKilobytes = Math.max(peakKilobytes, peakOf(child.pid));
  }, POLL_MILLISECONDS);
  const status = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('exit', done);
  });
  const milliseconds = performance.now() - started;
  clearInterval(timer);
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return { milliseconds, peakKilobytes };
}

// The kernel keeps the highest value, so that only growth right before the end is missed.
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
