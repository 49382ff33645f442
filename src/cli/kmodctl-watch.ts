import { watch } from '../api/watch.ts';
import { matchesAliasPattern } from '../index-files/alias-pattern.ts';
import type { WatchRecord } from '../kernel/watch/watch-record.ts';
import { roomToWrite, watchReader } from '../native/pipe-reader.ts';
import { jsonLine } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { watchLine } from './watch-line.ts';

/** `kmodctl watch`. */
export const watchSubcommand: Subcommand = {
  options: ['initial', 'count', 'requests', 'no-requests', 'no-details', 'poll', 'json', 'color'],
  manual: {
    purpose: 'modules that come and go, and what the kernel asks for',
    usage: ['[options] [NAME...]'],
    about:
      'Tells of modules that come into the kernel and leave it, as it happens, until it is ended (SIGINT, SIGTERM) or nobody reads. As root it also tells what the kernel asks its helper for, and what came of that. NAMEs are patterns, as "nf_*"; only what matches one of them is shown.',
    operands: 'loaded',
  },
  async run({ has, value, operands, place, paint }, io) {
    const pollMs = numberOf(value('poll'), '--poll');
    let left = numberOf(value('count'), '--count') ?? Infinity;
    if (has('requests') && has('no-requests'))
      throw new UsageError('--requests and --no-requests exclude each other');
    await using watcher = watch({
      ...place,
      ...(pollMs !== undefined && { pollMs }),
      initial: has('initial'),
      details: !has('no-details'),
      requests: has('requests') ? true : has('no-requests') ? false : 'auto',
    });
    const stop = (): void => void watcher.close();
    const release = io.onStop?.(stop);
    const { stdoutDescriptor } = io;
    const reader = stdoutDescriptor === undefined ? undefined : watchReader(stdoutDescriptor, stop);
    const shown = new RecordChoice(operands);
    for await (const record of watcher) {
      if (!shown.isWanted(record)) continue;
      // What nobody reads does not keep it from ending.
      if (stdoutDescriptor !== undefined && !(await roomToWrite(stdoutDescriptor, () => watcher.closed)))
        break;
      if (has('json')) io.stdout(jsonLine('watch', record));
      else if (record.type === 'notice') io.stderr(`kmodctl watch: note: ${record.text}\n`);
      else io.stdout(watchLine(record, paint));
      if (isCounted(record) && --left === 0) break;
    }
    release?.();
    reader?.close();
    return 0;
  },
};

/** A number from 1 on, or undefined where there is none. */
function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new UsageError(`${option} takes a number from 1 on, not '${text}'`);
  return Number(text);
}

function isCounted(record: WatchRecord): boolean {
  return (
    (record.type === 'added' && !record.initial) || record.type === 'removed' || record.type === 'request'
  );
}

/** Which records are shown: those about modules and names that match one of the patterns, and all about the watch itself. */
class RecordChoice {
  readonly #patterns: readonly string[];
  /** Numbers of the requests that are shown and not over yet: their outcomes are, too. */
  readonly #requests = new Set<number>();

  constructor(names: readonly string[]) {
    this.#patterns = names.flatMap((name) => [name, name.replaceAll('-', '_')]);
  }

  isWanted(record: WatchRecord): boolean {
    if (this.#patterns.length === 0) return true;
    switch (record.type) {
      case 'added':
      case 'removed':
        return this.#matches(record.module);
      case 'request':
        if (this.#matches(record.name)) this.#requests.add(record.request);
        return this.#requests.has(record.request);
      case 'outcome':
        return this.#requests.delete(record.request);
      default:
        return true;
    }
  }

  #matches(name: string): boolean {
    return this.#patterns.some((pattern) => matchesAliasPattern(pattern, name));
  }
}
