import { spawn } from 'node:child_process';

/** One run of a fuzzer. */
export interface FuzzRun {
  readonly target: string;
  /** What was found so far is kept there, and is the next run's start. */
  readonly corpus: string;
  readonly seeds: string;
  /** Inputs with a finding are written there. */
  readonly findings: string;
  readonly seconds: number;
}

/** What came of it. */
export interface FuzzResult {
  readonly executions: number;
  /** Places in the code that were reached. */
  readonly edges: number;
  /** Longest time of one input, in whole seconds. */
  readonly slowest: number;
  readonly exitCode: number;
}

/** libFuzzer's own options; Jazzer.js hands them to the libFuzzer within it. */
export function fuzzerOptions({ findings, seconds }: FuzzRun): string[] {
  return [
    `-max_total_time=${seconds}`,
    `-artifact_prefix=${findings}/`,
    '-timeout=5', // seconds for one input
    '-max_len=16384',
    '-rss_limit_mb=4096',
    '-print_final_stats=1',
  ];
}

/** Runs a fuzzer, shows what it prints and reads its figures. */
export async function runFuzzer(
  command: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv = {},
): Promise<FuzzResult> {
  const [program, ...parameters] = command;
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      process.stderr.write(part);
      text = (text + part).slice(-100_000);
    });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  const last = (pattern: RegExp): number => Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    executions: last(/stat::number_of_executed_units:\s*(\d+)/g) || last(/^#(\d+)\s/gm),
    edges: last(/ cov: (\d+)/g),
    slowest: last(/stat::slowest_unit_time_sec:\s*(\d+)/g),
    exitCode,
  };
}
