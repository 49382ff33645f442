import { type ChildProcess, spawn } from 'node:child_process';

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed after this time, in milliseconds; default 60,000. */
  readonly timeout?: number;
}

const atOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Runs a program to its end, at most two at the same time. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildEnd> {
  if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await collect(
      spawn(command, args, {
        cwd: options.cwd,
        env: childEnvironment(options.env),
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: options.timeout ?? 60_000,
        killSignal: 'SIGKILL',
      }),
    );
  } finally {
    const next = waiting.shift(); // takes this one's place, so `running` stays as it is
    if (next) next();
    else running--;
  }
}

/** {@link runChild} for a step that a test rests on: throws with the output unless the exit code is 0. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options?: ChildOptions,
): Promise<string> {
  const end = await runChild(command, args, options);
  if (end.code === 0) return end.stdout;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${end.signal ?? end.code}\n${end.stdout}\n${end.stderr}`,
  );
}

// Without what this process's own start left there: coverage, options and npm's current script are not for the child.
function childEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const notForChildren =
    /^(?:NODE_OPTIONS|NODE_V8_COVERAGE|INIT_CWD|npm_(?:package|lifecycle)_.*|npm_config_local_prefix)$/;
  const kept = Object.entries(process.env).filter(([name]) => !notForChildren.test(name));
  return { ...Object.fromEntries(kept), ...added };
}

async function collect(child: ChildProcess): Promise<ChildEnd> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
