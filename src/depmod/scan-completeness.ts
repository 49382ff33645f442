import { KmodError, type KmodErrorDetails } from '../errors/kmod-error.ts';
import { resultText } from '../errors/system-error.ts';
import type { DepmodReport } from './depmod-notice.ts';
import type { ModuleList } from './module-list.ts';
import type { WalkTrouble } from './module-tree-walk.ts';
import type { ScanResult } from './scan.ts';

/** What the completeness of a scan is judged by. */
export interface ScanReview {
  readonly modules: Pick<ModuleList, 'length' | 'path'>;
  readonly scan: Pick<ScanResult, 'failures' | 'problems'>;
  /** Folders that could not be read. */
  readonly unreadable: readonly WalkTrouble[];
  /** Whether incomplete knowledge is taken as it is, as kmod does. */
  readonly compat: boolean;
  readonly report: DepmodReport;
}

/** Damage of the file itself: nothing but a new file will help, so the other modules should not suffer. */
const damageCodes: ReadonlySet<string> = new Set([
  'ERR_KMOD_MODULE_CORRUPT',
  'ERR_KMOD_COMPRESSED_DATA',
  'ERR_KMOD_TOO_LARGE',
]);
const ENODATA = -61;
const MAX_NAMED = 5;

/**
 * Reports what could not be read, in kmod's words, and decides whether the rest is worth publishing.
 *
 * A damaged file is reported and its module stays in the indexes without dependencies and aliases, as with kmod. A file
 * or folder that could not be read at all (no permission, an I/O error, no library for its compression) says nothing
 * about the modules: indexes without them would be wrong, so none are published. The same goes when every single file
 * seems to be damaged.
 *
 * @throws KmodError `ERR_KMOD_SCAN_INCOMPLETE`
 */
export function reviewScan({ modules, scan, unreadable, compat, report }: ScanReview): void {
  const troubles = [...scan.failures, ...scan.problems.filter(({ part }) => part === 'exports')];
  for (const { index, error } of troubles.toSorted((a, b) => a.index - b.index)) {
    const { errno } = error as KmodErrorDetails;
    if (errno === ENODATA) continue;
    const number = errno ?? (error.cause as NodeJS.ErrnoException | undefined)?.errno;
    const text = number === undefined ? error.message : resultText(number);
    report({
      priority: 'error',
      text: `failed to load symbols from ${modules.path(index)}: ${text}`,
    });
  }
  if (compat) return;
  const unread = scan.failures.filter(({ error }) => !isDamage(error));
  const first = unread[0];
  if (first !== undefined || unreadable.length > 0) {
    const paths = [...unreadable.map(({ path }) => path), ...unread.map(({ index }) => modules.path(index))];
    const reason = first === undefined ? 'see the message above' : first.error.message;
    throw incomplete(
      `${listed(paths)} could not be read, and indexes without ${paths.length === 1 ? 'it' : 'them'} would be wrong: ${reason} The old indexes stay as they are.`,
      first?.error,
    );
  }
  if (modules.length > 0 && scan.failures.length === modules.length)
    throw incomplete(
      `none of the ${modules.length} module files is sound, so the indexes would say nothing. The old ones stay as they are; --compat=kmod writes them nevertheless.`,
      scan.failures[0]?.error,
    );
}

function isDamage(error: unknown): boolean {
  return error instanceof KmodError && damageCodes.has(error.code);
}

function listed(paths: readonly string[]): string {
  const more = paths.length - MAX_NAMED;
  return paths.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function incomplete(text: string, cause: unknown): KmodError {
  return new KmodError('ERR_KMOD_SCAN_INCOMPLETE', text, cause === undefined ? {} : { cause });
}
