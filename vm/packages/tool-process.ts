import { spawn, type StdioOptions } from 'node:child_process';
import { VmError } from '../vm-error.ts';

/** What a program left behind. */
export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + signal number is not used: a killed program is thrown. */
  readonly exitCode: number;
}

/** Options of {@link runTool}. */
export interface ToolOptions {
  /** Working folder. Default: this process's own. */
  readonly cwd?: string | undefined;
  /** Variables beside this process's own ones; `LC_ALL=C` is always set. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Kills the program. */
  readonly signal?: AbortSignal | undefined;
  /** A file descriptor that becomes the program's standard input. Default: an empty input. */
  readonly input?: number | undefined;
  /** A file descriptor that takes the standard output; `stdout` is then empty. */
  readonly output?: number | undefined;
}

/** Debian packages of the programs that are run here, for the message when one is missing. */
const packageOfTool: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'apt-cache': 'apt',
  'apt-config': 'apt',
  'dpkg-deb': 'dpkg',
  tar: 'tar',
  xz: 'xz-utils',
  zstd: 'zstd',
  chroot: 'coreutils',
  unshare: 'util-linux',
};

/**
 * Runs a program to its end and collects its output. A non-zero exit code is a result, not an error.
 *
 * @throws VmError `ERR_KMOD_VM_PACKAGES` if the program does not exist, or was killed; `ERR_KMOD_VM_ABORTED`
 */
export async function runTool(
  command: string,
  parameters: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const stdio: StdioOptions = [options.input ?? 'ignore', options.output ?? 'pipe', 'pipe'];
  const child = spawn(command, parameters, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment, LC_ALL: 'C' },
    stdio,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(startError(command, error, options.signal));
    });
    child.once('close', (exitCode, signal) => {
      if (exitCode !== null) resolve({ stdout, stderr, exitCode });
      else
        reject(new VmError('ERR_KMOD_VM_PACKAGES', `${command} was killed by ${signal}. ${stderr.trim()}`));
    });
  });
}

function startError(command: string, error: Error, signal: AbortSignal | undefined): VmError {
  if (signal?.aborted)
    return new VmError('ERR_KMOD_VM_ABORTED', `Aborted while ${command} ran`, { cause: error });
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return new VmError(
    'ERR_KMOD_VM_PACKAGES',
    missing ? missingToolMessage(command) : `${command} cannot be run: ${error.message}`,
    { cause: error },
  );
}

function missingToolMessage(command: string): string {
  if (command.startsWith('apt-') || command.startsWith('dpkg'))
    return (
      `${command} was not found. Kernels are fetched as Debian packages, which takes apt and dpkg: ` +
      'work on Debian or Ubuntu, or name a kernel of your own by KMODCTL_VM_KERNEL=vmlinuz:modules-dir.'
    );
  return `${command} was not found; Debian's package ${packageOfTool[command] ?? command} has it.`;
}
