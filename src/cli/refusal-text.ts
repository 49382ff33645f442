import { KmodError } from '../errors/kmod-error.ts';
import { resultText } from '../errors/system-error.ts';

/** Words that kmod's tools put in place of the C library's, by errno. */
export type RefusalWords = Readonly<Record<number, string>>;

/** What modprobe says. */
export const modprobeWords: RefusalWords = {
  17: 'Module already in kernel',
  2: 'Unknown symbol in module, or unknown parameter (see dmesg)',
};

/** What insmod says. */
export const insmodWords: RefusalWords = {
  8: 'Invalid module format',
  2: 'Unknown symbol in module',
  3: 'Module has wrong symbol version',
  22: 'Invalid parameters',
};

/** A failure's reason in few words: those of its errno, otherwise its message. */
export function refusalText(error: unknown, words: RefusalWords = {}): string {
  // A failed step repeats the errno of its cause, whose words are shorter than its own.
  if (hasCode(error, 'ERR_KMOD_LOAD_FAILED') && error.cause instanceof KmodError)
    return refusalText(error.cause, words);
  // Its errno would get words that are meant for the kernel's refusals.
  const errno = hasCode(error, 'ERR_KMOD_OWNER') ? undefined : errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error.message : String(error);
  return words[-errno] ?? resultText(errno);
}

function errnoOf(error: unknown): number | undefined {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return typeof errno === 'number' ? errno : undefined;
}

/** Whether an error is one of ours with one of these codes. */
export function hasCode<Code extends KmodError['code']>(
  error: unknown,
  ...codes: readonly Code[]
): error is KmodError & { readonly code: Code } {
  return error instanceof KmodError && (codes as readonly string[]).includes(error.code);
}
