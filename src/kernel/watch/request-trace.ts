import { accessSync, closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';

import { KmodError } from '../../errors/kmod-error.ts';
import { type EventLoopHandle, ReadableWatch } from '../../native/readable-watch.ts';
import { type KernelLocation, kernelPath, readKernelText } from '../kernel-file.ts';
import { securityState } from '../security-state.ts';
import { makeInstance, removeInstance, removeLeftInstances } from './trace-instance.ts';
import { type TraceContent, TraceLines, type TracedRequest } from './trace-lines.ts';

/** Where tracefs is mounted: since Linux 4.1, and before that. */
const PLACES = ['sys/kernel/tracing', 'sys/kernel/debug/tracing'] as const;
const EVENT = 'events/module/module_request/enable';
/** For each processor: some thousand requests. */
const BUFFER_KIB = 256;
const MOST_ATTEMPTS = 16;
/** How an instance answers that somebody has removed it. */
const REMOVED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENODEV']);

/** A request for a module, and when the kernel made it. */
export interface TimedRequest extends TracedRequest {
  readonly time: Date;
}

/**
 * The kernel's requests for modules, from an instance of the event trace of our own: nobody else's tracing is touched. It is removed
 * when it is closed and when the process exits; what a process or a thread that was killed has left is removed by the next
 * one.
 */
export class RequestTrace implements EventLoopHandle {
  readonly #instance: string;
  readonly #fd: number;
  readonly #watch: ReadableWatch;
  readonly #lines = new TraceLines();
  readonly #buffer = Buffer.alloc(64 * 1024);
  readonly #location: KernelLocation;
  #isClosed = false;
  readonly #atExit = (): void => this.close();

  /**
   * @param onReadable called as long as there is something to read
   * @throws KmodError `ERR_KMOD_WATCH` that says why requests cannot be seen
   */
  constructor(location: KernelLocation, onReadable: () => void) {
    this.#location = location;
    const folder = tracingFolder(location);
    let opened: OpenInstance | undefined;
    try {
      removeLeftInstances(folder);
      opened = openInstance(folder);
      this.#watch = new ReadableWatch(opened.fd, onReadable);
    } catch (error) {
      if (opened !== undefined) {
        closeSync(opened.fd);
        removeInstance(opened.instance);
      }
      throw unavailable(
        `${folder} does not let an instance of the trace be made: ${(error as Error).message}`,
        folder,
        error,
      );
    }
    this.#instance = opened.instance;
    this.#fd = opened.fd;
    process.once('exit', this.#atExit);
  }

  /** The requests since the last reading, and how many more there were. */
  read(): { readonly requests: readonly TimedRequest[]; readonly lost: number } {
    const requests: TimedRequest[] = [];
    let lost = 0;
    const bootMs = Date.now() - Number(process.hrtime.bigint()) / 1e6;
    while (!this.#isClosed) {
      const content = this.#readPiece();
      if (content === undefined) break;
      lost += content.lost;
      for (const request of content.requests)
        requests.push({
          ...request,
          comm: this.#commOf(request),
          time: new Date(bootMs + request.seconds * 1000),
        });
    }
    return { requests, lost };
  }

  refer(keeps: boolean): void {
    this.#watch.refer(keeps);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.removeListener('exit', this.#atExit);
    this.#watch.close();
    closeSync(this.#fd);
    removeInstance(this.#instance);
  }

  #readPiece(): TraceContent | undefined {
    try {
      const length = readSync(this.#fd, this.#buffer);
      return length === 0 ? undefined : this.#lines.push(this.#buffer.toString('latin1', 0, length));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ENODEV: somebody has removed the instance.
      if (code === 'EAGAIN' || code === 'ENODEV') return undefined;
      throw error;
    }
  }

  /** The kernel notes names of processes a little later than what they do. */
  #commOf({ comm, pid }: TracedRequest): string {
    if (comm !== '<...>') return comm;
    try {
      return readKernelText(kernelPath(this.#location, `proc/${pid}/comm`))?.text.trimEnd() ?? comm;
    } catch {
      return comm;
    }
  }
}

function tracingFolder(location: KernelLocation): string {
  const failures: NodeJS.ErrnoException[] = [];
  for (const place of PLACES) {
    const folder = kernelPath(location, place);
    try {
      accessSync(`${folder}/${EVENT}`, constants.W_OK);
      return folder;
    } catch (error) {
      failures.push(error as NodeJS.ErrnoException);
    }
  }
  const folder = kernelPath(location, PLACES[0]);
  const [cause] = failures;
  if (securityState(location).lockdown === 'confidentiality')
    throw unavailable('the kernel is locked down (confidentiality), which forbids tracing', folder, cause);
  if (failures.some(({ code }) => code === 'EACCES' || code === 'EPERM'))
    throw unavailable(`only root may read the kernel's trace (${folder})`, folder, cause);
  throw unavailable(
    `there is no event trace in ${folder}: mount it (mount -t tracefs tracefs ${folder}), or the kernel was built without (CONFIG_FTRACE)`,
    folder,
    cause,
  );
}

function unavailable(reason: string, path: string, cause: unknown): KmodError {
  return new KmodError('ERR_KMOD_WATCH', `Load requests cannot be seen: ${reason}.`, { path, cause });
}

interface OpenInstance {
  readonly instance: string;
  readonly fd: number;
}

function openInstance(folder: string): OpenInstance {
  for (let attempt = 1; ; attempt++) {
    const instance = makeInstance(folder);
    try {
      set(instance, 'buffer_size_kb', String(BUFFER_KIB));
      set(instance, 'trace_clock', 'mono');
      // Otherwise readers are woken when half of the buffer is full (Linux 5.0 and later).
      set(instance, 'buffer_percent', '0', true);
      set(instance, EVENT, '1');
      const fd = openSync(`${instance}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
      return { instance, fd };
    } catch (error) {
      removeInstance(instance);
      // Until its pipe is open, whoever begins at the same time takes it for one that was left behind.
      const { code } = error as NodeJS.ErrnoException;
      if (!REMOVED.has(code) || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

function set(instance: string, file: string, value: string, mayFail = false): void {
  try {
    writeFileSync(`${instance}/${file}`, value);
  } catch (error) {
    if (!mayFail) throw error;
  }
}
