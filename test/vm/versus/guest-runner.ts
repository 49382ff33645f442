/** Runs, in a guest, the scenarios of a theme with one of the two modprobes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { release } from 'node:os';
import { dirname } from 'node:path';

import type { CliIo } from '../../../src/cli/cli-io.ts';
import type { CommandRunner } from '../../../src/execute/shell-command.ts';
import type * as Main from '../../../src/cli/main.ts';
import { loadedNames, readKernelState, restoreKernel } from './kernel-state.ts';
import { type Action, type LineRecord, parseLine, type Scenario, type ScenarioRecord } from './scenario.ts';

/** Whose tools are run. */
export interface Side {
  readonly ours: boolean;
  /** PATH: what a command of the configuration finds under the name `modprobe`. */
  readonly path: string;
  /** Program and first arguments for a tool; `TOOL` stands for its name. */
  readonly command: readonly string[];
}

type Output = Omit<LineRecord, 'line' | 'state'>;

/** Where many guests share a processor, a start of Node can take ten seconds. */
const TIMEOUT_MS = 120_000;
const COMPAT = '--compat=kmod';
/** The tools that know {@link COMPAT}. */
const tolerant = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'depmod']);

const main = createRequire(import.meta.url)('/usr/lib/node_modules/kmodctl/dist/cli/main.cjs') as typeof Main;
const base = new Set(loadedNames());

/** Runs scenarios one after the other. After each the kernel is as it was before. */
export async function runScenarios(scenarios: readonly Scenario[], side: Side): Promise<ScenarioRecord[]> {
  const records: ScenarioRecord[] = [];
  for (const scenario of scenarios) {
    const differs = side.ours && scenario.difference !== undefined;
    records.push({
      lines: await runScenario(scenario, side, differs),
      byDefault: differs ? await runScenario(scenario, side, false) : null,
    });
  }
  return records;
}

async function runScenario(scenario: Scenario, side: Side, compat: boolean): Promise<LineRecord[]> {
  const { files = {}, kernelCommandLine, lines } = scenario;
  const isProcess = scenario.process === true;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  if (kernelCommandLine !== undefined) showCommandLine(kernelCommandLine);
  try {
    const records: LineRecord[] = [];
    for (const line of lines) {
      const output = await runAction(parseLine(line), { side, isProcess, compat });
      records.push({ line, ...output, state: readKernelState(base) });
    }
    return records;
  } finally {
    if (kernelCommandLine !== undefined) spawnSync('umount', ['/proc/cmdline']);
    for (const path of Object.keys(files)) rmSync(path, { force: true });
    await restoreKernel(base).catch((error: unknown) => {
      throw new Error(`after "${scenario.title}": ${(error as Error).message}`);
    });
  }
}

function showCommandLine(text: string): void {
  writeFileSync('/run/cmdline', text);
  const { status, stderr } = spawnSync('mount', ['--bind', '/run/cmdline', '/proc/cmdline']);
  if (status !== 0) throw new Error(`mount --bind: ${stderr.toString()}`);
}

interface Circumstances {
  readonly side: Side;
  readonly isProcess: boolean;
  readonly compat: boolean;
}

async function runAction(action: Action, { side, isProcess, compat }: Circumstances): Promise<Output> {
  const environment = { PATH: side.path, HOME: '/root' };
  if (action.kind === 'write') return write(action.path, action.text);
  if (action.kind === 'shell')
    return spawned(['/bin/sh', '-c', action.script], {
      ...environment,
      ...(compat ? { MODPROBE_OPTIONS: COMPAT } : {}),
    });
  const { tool } = action;
  const words = compat && tolerant.has(tool) ? [COMPAT, ...action.words] : action.words;
  const variables = { ...environment, ...action.environment };
  if (side.ours && !isProcess) return await inProcess(tool, words, variables);
  return spawned([...side.command.map((word) => word.replace('TOOL', tool)), ...words], variables);
}

function write(path: string, text: string): Output {
  try {
    writeFileSync(path, text);
    return { exitCode: 0, stdout: '', stderr: '' };
  } catch (error) {
    return { exitCode: 1, stdout: '', stderr: (error as NodeJS.ErrnoException).code ?? '' };
  }
}

function spawned([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Output {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env,
    cwd: '/',
    encoding: 'latin1',
    timeout: TIMEOUT_MS,
  });
  return { exitCode: status, stdout, stderr: error === undefined ? stderr : `${stderr}${error.message}\n` };
}

/** Ours without a start of Node: the same code as the program's. */
async function inProcess(tool: string, words: readonly string[], env: CliIo['env']): Promise<Output> {
  const written: { stdout: string; stderr: string } = { stdout: '', stderr: '' };
  const text = (output: string | Uint8Array): string => Buffer.from(output as Uint8Array).toString('latin1');
  const exitCode = await main.run(['node', `/usr/sbin/${tool}`, ...words], {
    stdout: (output) => {
      written.stdout += text(output);
    },
    stderr: (output) => {
      written.stderr += text(output);
    },
    env,
    workingDirectory: '/',
    syscalls: main.moduleCalls,
    commands: capturing(written, env),
    kernel: {},
    release: release(),
  });
  return { exitCode, ...written };
}

/** Runs commands of the configuration as ever, but keeps what they print. */
function capturing(written: { stdout: string; stderr: string }, env: CliIo['env']): CommandRunner {
  const runSync: CommandRunner['runSync'] = ({ command, environment }) => {
    const { status, signal, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
      argv0: 'sh',
      env: { ...env, ...environment },
      encoding: 'latin1',
      timeout: TIMEOUT_MS,
    });
    written.stdout += stdout;
    written.stderr += stderr;
    return { exitCode: status, signal };
  };
  return { runSync, run: (command) => Promise.resolve(runSync(command)) };
}
