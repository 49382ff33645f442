/** `kmodctl vm run|shell|kernels`: the harness from a shell. Loaded by the CLI when it is asked for, and only then. */
import { parseArgs } from 'node:util';
import { readFile } from 'node:fs/promises';

import { listKernels, resolveKernel } from './kernels/resolve-kernel.ts';
import { startVm, type StartVmOptions } from './start-vm.ts';
import type { VirtualMachine } from './virtual-machine.ts';
import { VmError } from './vm-error.ts';

/** What the command writes to, and the terminal that a shell is connected to. */
export interface VmCommandIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const help = `Usage: kmodctl vm run [OPTIONS] [--] PROGRAM [ARGUMENTS...]
       kmodctl vm shell [OPTIONS]
       kmodctl vm kernels [--update [NAME...]]

  run      runs a program in a fresh guest; exits with its status (125: no guest, 124: timeout)
  shell    an interactive shell in a fresh guest; everything in it is gone afterwards
  kernels  the kernels that can be named; --update fetches newer versions of those in the cache

  -k, --kernel NAME      kernel of the guest (default: KMODCTL_VM_KERNEL=vmlinuz:modules-dir, or 6.12)
  -a, --append WORD      a word for the kernel command line; may be repeated
  -f, --file HOST:GUEST  copies a file into the guest first; may be repeated
  -m, --module NAME      have this module, with what it needs, in the guest instead of the default
                         ones; may be repeated; "all" for every module of the kernel
      --memory MIB       guest memory (default 512)
      --cpus N           virtual processors (default 1)
      --timeout SECONDS  of the program (default 60; 0: none)
      --console          show the guest's console afterwards
  -q, --quiet            do not tell about downloads, boots and the guest
  -h, --help             this text
`;

const optionTable = {
  kernel: { type: 'string', short: 'k' },
  append: { type: 'string', short: 'a', multiple: true },
  file: { type: 'string', short: 'f', multiple: true },
  module: { type: 'string', short: 'm', multiple: true },
  memory: { type: 'string' },
  cpus: { type: 'string' },
  timeout: { type: 'string' },
  console: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Exit codes of the command itself, as `timeout` and `docker run` have them. */
const EXIT_TIMEOUT = 124;
const EXIT_NO_GUEST = 125;

class UsageError extends Error {}

/** Runs the command. Answers its exit code. */
export async function run(argv: readonly string[], io: VmCommandIo): Promise<number> {
  const [command = '', ...rest] = argv;
  try {
    if (command === 'kernels') return await kernels(rest, io);
    if (command === 'run' || command === 'shell') return await guestCommand(command, rest, io);
    if (command === '--help' || command === '-h' || command === 'help') {
      io.stdout(help);
      return 0;
    }
    io.stderr(
      command === '' ? help : `kmodctl vm: there is no command "${command}". See kmodctl vm --help.\n`,
    );
    return EXIT_NO_GUEST;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: VmCommandIo): number {
  if (error instanceof UsageError) {
    io.stderr(`kmodctl vm: ${error.message}\n`);
    return EXIT_NO_GUEST;
  }
  if (error instanceof VmError) {
    io.stderr(`kmodctl vm: ${error.code}: ${error.message}\n`);
    return error.code === 'ERR_KMOD_VM_TIMEOUT' ? EXIT_TIMEOUT : EXIT_NO_GUEST;
  }
  io.stderr(`kmodctl vm: ${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT_NO_GUEST;
}

async function kernels(argv: readonly string[], io: VmCommandIo): Promise<number> {
  const [update, ...names] = argv;
  if (update !== undefined && update !== '--update')
    throw new UsageError(`kernels takes no "${update}", only --update.`);
  if (update !== undefined) await updateKernels(names, io);
  const rows = (await listKernels()).map(({ name, architecture, suites, cached, default: isDefault }) => [
    `${name}${isDefault ? ' (default)' : ''}`,
    architecture,
    cached ? `${cached.release} (${cached.version})` : 'not fetched yet',
    suites[0] ?? '',
  ]);
  const table = [['NAME', 'ARCHITECTURE', 'IN THE CACHE', 'SUITE'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    io.stdout(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
}

// A kernel in the cache stays until this is asked for: nothing changes under a test run.
async function updateKernels(names: readonly string[], io: VmCommandIo): Promise<void> {
  const cached = (await listKernels()).filter((kernel) => kernel.cached).map(({ name }) => name);
  for (const name of names.length === 0 ? cached : names)
    await resolveKernel(name, {
      update: true,
      log: (line) => {
        io.stderr(`kmodctl vm: ${line}\n`);
      },
    });
}

async function guestCommand(
  command: 'run' | 'shell',
  argv: readonly string[],
  io: VmCommandIo,
): Promise<number> {
  const { values, positionals } = parse(argv, command);
  if (values.help) {
    io.stdout(help);
    return 0;
  }
  if (command === 'run' && positionals.length === 0)
    throw new UsageError('run: which program? See kmodctl vm --help.');
  if (command === 'shell' && positionals.length > 0)
    throw new UsageError(`shell takes no "${positionals[0]}".`);
  const tell = (line: string): void => {
    if (!values.quiet) io.stderr(`kmodctl vm: ${line}\n`);
  };
  const timeout = values.timeout === undefined ? 60_000 : number('timeout', values.timeout) * 1000;
  await using vm = await startVm({
    ...(await vmOptions(values)),
    timeouts: { lifetime: Infinity },
    log: tell,
  });
  tell(
    `Linux ${vm.facts.kernel.release}, ${vm.facts.accelerator}, ready in ${Math.round(vm.facts.readyMs)} ms`,
  );
  try {
    if (command === 'shell') return await shell(vm);
    return await runProgram(vm, positionals, { timeout: timeout === 0 ? Infinity : timeout, io });
  } finally {
    if (values.console) io.stderr(vm.console());
  }
}

function parse(argv: readonly string[], command: string): ReturnType<typeof parseOptions> {
  try {
    return parseOptions(ownWords(argv));
  } catch (error) {
    throw new UsageError(`${command}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function parseOptions(
  args: string[],
): ReturnType<typeof parseArgs<{ options: typeof optionTable; allowPositionals: true }>> {
  return parseArgs({ args, options: optionTable, allowPositionals: true });
}

// Options end at the program's name: what follows belongs to it, as with sudo or env.
function ownWords(argv: readonly string[]): string[] {
  const flags = new Set(['--console', '--quiet', '-q', '--help', '-h']);
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] ?? '';
    if (word === '--') return [...argv];
    if (!word.startsWith('-')) return [...argv.slice(0, index), '--', ...argv.slice(index)];
    const joined = word.startsWith('--') ? word.includes('=') : word.length > 2;
    index += flags.has(word) || joined ? 1 : 2;
  }
  return [...argv];
}

async function vmOptions(values: ReturnType<typeof parseOptions>['values']): Promise<StartVmOptions> {
  const { kernel, append, module: modules, memory, cpus } = values;
  const files: Record<string, Uint8Array> = {};
  for (const pair of values.file ?? []) {
    const colon = pair.lastIndexOf(':');
    if (colon < 1) throw new UsageError(`--file ${pair}: must be HOST:GUEST, two paths.`);
    try {
      files[pair.slice(colon + 1)] = await readFile(pair.slice(0, colon));
    } catch (cause) {
      throw new UsageError(`--file ${pair}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
  return {
    ...(kernel !== undefined && { kernel }),
    ...(append && { commandLine: append }),
    ...(modules && { modules: modules.includes('all') ? ('all' as const) : modules }),
    ...(memory !== undefined && { memory: number('memory', memory) }),
    ...(cpus !== undefined && { cpus: number('cpus', cpus) }),
    files,
  };
}

function number(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new UsageError(`--${option} ${text}: must be a number, 0 or more.`);
  return value;
}

async function runProgram(
  vm: VirtualMachine,
  argv: readonly string[],
  { timeout, io }: { readonly timeout: number; readonly io: VmCommandIo },
): Promise<number> {
  try {
    const { exitCode, signal } = await vm.run(argv, {
      timeout,
      onOutput: (stream, text) => {
        io[stream](text);
      },
    });
    if (signal !== null) io.stderr(`kmodctl vm: ${argv[0]} was ended by ${signal}\n`);
    return exitCode ?? 128;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    io.stderr(`kmodctl vm: there is no program "${argv[0]}" in the guest\n`);
    return 127;
  }
}

async function shell(vm: VirtualMachine): Promise<number> {
  const { stdin, stdout } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  try {
    return await vm.shell({
      input: stdin,
      output: stdout,
      ...(stdout.isTTY && { columns: stdout.columns, rows: stdout.rows }),
    });
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}
