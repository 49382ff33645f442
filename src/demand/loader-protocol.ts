/**
 * How modprobe, started by the kernel, and a program that decides about requests talk: over a socket that only root can
 * reach, a line of JSON each. modprobe sends the request, gets an answer, does what it says and sends its exit code.
 */
import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import { requestNameFault } from './request-name.ts';

/**
 * What to do about a request: what modprobe would do anyway; load these modules in its place; nothing, for a reason that is
 * told in the kernel log.
 */
export type DemandAnswer =
  'default' | { readonly load: string | readonly string[] } | { readonly refuse: string };

/** The folder of the socket, which only root may enter. */
export function loaderFolder(kernel: KernelLocation): string {
  return kernelPath(kernel, 'run/kmodctl/loader');
}

/** The socket. */
export function loaderSocket(kernel: KernelLocation): string {
  return `${loaderFolder(kernel)}/requests`;
}

/** Why an answer is none; undefined for one that is in order. */
export function answerFault(answer: unknown): string | undefined {
  if (answer === 'default') return undefined;
  const { load, refuse } = (answer ?? {}) as { load?: unknown; refuse?: unknown };
  if (typeof refuse === 'string') return undefined;
  const names: readonly unknown[] = Array.isArray(load) ? load : [load];
  if (names.length === 0 || !names.every((name) => typeof name === 'string'))
    return "an answer is 'default', { load: names } or { refuse: reason }";
  const wrong = names.find((name) => requestNameFault(name) !== undefined);
  return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is no name of a module or an alias`;
}

/** The lines of a stream of text, as they become whole. */
export class LineReader {
  #rest = '';
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }
}
