/** What runs in the guest: programs that watch, each in its own surroundings, while a module comes and goes. */

/** What a program printed, and how it ended. */
export interface Onlooker {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** How a program is started. */
export interface OnlookerStart {
  readonly command: readonly string[];
  readonly uid?: number;
  /** Sent to it when the module has come and gone; otherwise it has to end by itself. */
  readonly signal?: 'SIGINT' | 'SIGTERM';
}

/** Starts programs, waits until each has printed something, loads and unloads a module, and waits for their ends. */
export async function onlookers(
  starts: Readonly<Record<string, OnlookerStart>>,
  file: string,
  name: string,
): Promise<Readonly<Record<string, Onlooker>>> {
  const { spawn } = await import('node:child_process');
  const { readFileSync } = await import('node:fs');
  const { setTimeout: delay } = await import('node:timers/promises');
  const { deleteModuleSync, initModuleSync } = await import('kmodctl/syscalls');
  const running = Object.entries(starts).map(([title, { command, uid, signal }]) => {
    const [program = '', ...words] = command;
    const child = spawn(program, words, { uid, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (text: Buffer) => {
        stdout += text.toString();
        resolve();
      });
      child.once('close', () => resolve());
    });
    const ended = new Promise<readonly [string, Onlooker]>((resolve) => {
      child.once('close', (exitCode, by) => resolve([title, { stdout, stderr, exitCode, signal: by }]));
    });
    let isOver = false;
    void ended.then(() => (isOver = true));
    /** Whether it has told of the module so often. */
    const hasTold = (times: number): boolean => isOver || stdout.split(name).length > times;
    return { child, ready, ended, signal, hasTold };
  });
  const told = async (times: number): Promise<void> => {
    for (let left = 300; left > 0 && !running.every(({ hasTold }) => hasTold(times)); left--)
      await delay(100);
  };
  await Promise.all(running.map(({ ready }) => ready));
  initModuleSync(readFileSync(file), '');
  await told(1);
  deleteModuleSync(name);
  await told(2);
  for (const { child, signal } of running) if (signal !== undefined) child.kill(signal);
  return Object.fromEntries(await Promise.all(running.map(({ ended }) => ended)));
}
