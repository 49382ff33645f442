import { kernelEnvironment, type KernelRequest } from '../demand/kernel-request.ts';
import { hasDemandLoader, putRequest } from '../demand/loader-client.ts';
import { escapedName } from '../demand/request-name.ts';
import { shellCommandsIn } from '../execute/shell-command.ts';
import { writeKernelLog } from '../kernel/kernel-log-writer.ts';
import type { CliIo } from './cli-io.ts';
import { hasCode } from './refusal-text.ts';

const WARNING = 4;

/**
 * Answers a request by the kernel: one that is not in order is refused, with a line in the kernel log; for any other
 * modprobe is run, with nothing in its environment and in that of commands but what the kernel gives.
 *
 * @param run runs modprobe with a command line
 * @returns the exit code; the kernel gives it to whoever called request_module, as 256 times that
 */
export function answerRequest(
  { name, options, fault }: KernelRequest,
  io: CliIo,
  run: (argv: readonly string[], io: CliIo) => number | Promise<number>,
): number | Promise<number> {
  if (fault !== undefined) {
    logRequest(io, name, `refused: ${fault}.`);
    return 1;
  }
  const commands = io.commands ?? shellCommandsIn(() => kernelEnvironment);
  const safeIo = { ...io, env: kernelEnvironment, commands };
  if (!hasDemandLoader(io.kernel)) return run([...options, name], safeIo);
  return askAndRun(name, io, (words) => run([...options.slice(0, -1), ...words], safeIo));
}

/** Has a program decide what to do, and tells it what came of it. */
async function askAndRun(
  name: string,
  io: CliIo,
  run: (argv: readonly string[]) => number | Promise<number>,
): Promise<number> {
  const { answer, end } = await putRequest(name, io.kernel);
  let exitCode = 1;
  if (answer === 'default') exitCode = await run(['--', name]);
  else if ('load' in answer) exitCode = await run(['--all', '--', ...[answer.load].flat()]);
  else logRequest(io, name, `refused by the program that decides: ${escapedText(answer.refuse)}`);
  end(exitCode);
  return exitCode;
}

/** Tells of a request in the kernel log. */
export function logRequest(io: CliIo, name: string, text: string): void {
  writeKernelLog(WARNING, `modprobe: request for "${escapedName(name)}": ${text}`, io.kernel);
}

/** Tells of a request that failed because somebody else than root could change a file. Of others the kernel tells. */
export function logOwnerRefusal(io: CliIo, name: string, error: unknown): void {
  const cause = error instanceof Error ? error.cause : undefined;
  const refusal = [error, cause].find((each) => hasCode(each, 'ERR_KMOD_OWNER'));
  if (refusal instanceof Error) logRequest(io, name, escapedText(refusal.message));
}

function escapedText(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?');
}
