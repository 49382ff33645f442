import { argumentTypeError, requireInteger, requireOptions } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { RequestMeaning, RequestReader } from '../kernel/watch/request-outcomes.ts';
import { ModuleWatcher } from '../kernel/watch/module-watcher.ts';
import { plan } from './load.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes } from './place-options.ts';
import { requireSignal } from './run-options.ts';

/** Options of {@link watch}. */
export interface WatchOptions extends PlaceOptions {
  /** Also tell of the modules that are there at the beginning, as `added` with `initial`. Default false. */
  readonly initial?: boolean | undefined;
  /** Read from /sys what it says of each module that comes in. Default true. */
  readonly details?: boolean | undefined;
  /**
   * Also tell of the kernel's requests for modules, which takes root and the kernel's event trace. `true`: it is an error where
   * they cannot be seen. `auto`: `requestsUnavailable` then says why. `false`: no. Default `auto`.
   */
  readonly requests?: boolean | 'auto' | undefined;
  /** Interval of reading /proc/modules where the kernel sends no events, in milliseconds. Default 1000. */
  readonly pollMs?: number | undefined;
  /** Size of the kernel's buffer for events, in bytes, or as much of that as it allows. Default 16 MiB. */
  readonly bufferBytes?: number | undefined;
  /** Whether the process goes on because of the watch. Default true. */
  readonly ref?: boolean | undefined;
  /** Closes the watch. */
  readonly signal?: AbortSignal | undefined;
}

const watchOptionTypes = {
  initial: 'boolean',
  details: 'boolean',
  requests: ['boolean', 'string'],
  pollMs: 'number',
  bufferBytes: 'number',
  ref: 'boolean',
  signal: 'object',
  ...placeOptionTypes,
} as const;

const DEFAULT_BUFFER = 16 * 1024 * 1024;
const LARGEST_BUFFER = 1024 * 1024 * 1024;
const LONGEST_POLL = 86_400_000;

/**
 * Tells of modules that come into the kernel and leave it, from the return of this function on.
 *
 * @throws TypeError and RangeError for wrong arguments; KmodError `ERR_KMOD_NO_MODULE_SUPPORT` on a kernel without modules,
 *   `ERR_KMOD_WATCH` where requests are demanded and cannot be seen; the signal's reason where it is aborted already
 */
export function watch(options: WatchOptions = {}): ModuleWatcher {
  requireOptions('options', options, watchOptionTypes);
  const { initial = false, details = true, requests = 'auto', ref = true, signal } = options;
  const { pollMs = 1000, bufferBytes = DEFAULT_BUFFER } = options;
  requireInteger('options.pollMs', pollMs, 1, LONGEST_POLL);
  requireInteger('options.bufferBytes', bufferBytes, 1, LARGEST_BUFFER);
  if (typeof requests !== 'boolean' && requests !== 'auto')
    throw argumentTypeError('options.requests', "true, false or 'auto'", requests);
  requireSignal(options);
  signal?.throwIfAborted();
  const watcher = new ModuleWatcher({
    location: kernelOf(options),
    initial,
    details,
    requests: requests === 'auto' ? 'wanted' : requests ? 'demanded' : 'none',
    pollMs,
    bufferBytes,
    meaningOf: requestReader(options),
  });
  if (!ref) watcher.unref();
  const close = (): void => void watcher.close();
  signal?.addEventListener('abort', close, { once: true });
  watcher.once('close', () => signal?.removeEventListener('abort', close));
  return watcher;
}

/** Answers are kept for a short while: programs that ask in vain ask again. */
const KEPT_MS = 5000;
const MOST_KEPT = 256;

function requestReader(options: PlaceOptions): RequestReader {
  const { root, release, moduleDirectory, kernelRoot } = options;
  const place = { root, release, moduleDirectory, kernelRoot };
  const known = new Map<string, { readonly meaning: RequestMeaning | null; readonly at: number }>();
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined && performance.now() - kept.at < KEPT_MS) return kept.meaning;
    if (known.size >= MOST_KEPT) known.clear();
    const meaning = meaningOf(name, place);
    known.set(name, { meaning, at: performance.now() });
    return meaning;
  };
}

/** What modprobe would do for the kernel: its own plan for the name. */
function meaningOf(name: string, place: PlaceOptions): RequestMeaning | null {
  try {
    // As the helper is called: without what is loaded counting, and with the blacklist holding for aliases.
    const { targets, steps, skipped } = plan(name, { ...place, ignoreLoaded: true });
    const held = skipped.find(({ kind }) => kind === 'blacklisted' || kind === 'off');
    const command = steps.find((step) => step.action === 'command');
    const modules = targets.map(({ module }) => module);
    const [first] = targets;
    const source = `"${name}" stands for ${modules.join(', ')}`;
    if (held !== undefined && steps.length === 0)
      return { modules: [held.module], heldBack: withOrigin(held.reason, held.origin), source };
    if (command !== undefined && isRefusal(command.command))
      return {
        modules,
        heldBack: withOrigin(`install command "${command.command}"`, command.origin),
        source,
      };
    return { modules, heldBack: null, source: first?.origin ? withOrigin(source, first.origin) : source };
  } catch (error) {
    if (error instanceof KmodError && error.code === 'ERR_KMOD_NOT_FOUND')
      return { modules: [], heldBack: null, source: error.message.split('\n')[0] ?? '' };
    return null;
  }
}

/** The usual ways to forbid a module. */
function isRefusal(command: string): boolean {
  return /^\s*(?:\/\S*\/)?(?:true|false|:)\s*$/.test(command);
}

function withOrigin(text: string, origin: { readonly file: string; readonly line: number } | null): string {
  return origin === null ? text : `${text} (${origin.file}:${origin.line})`;
}
