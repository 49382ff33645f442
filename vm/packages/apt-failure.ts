import { VmError } from '../vm-error.ts';
import { noRoomError, notWritableError } from './cache-failure.ts';

/** A failed run of apt or dpkg. */
export interface FailedRun {
  /** What was being done, for example `fetching the package lists`. */
  readonly action: string;
  /** Standard error of the program, in the C locale. */
  readonly stderr: string;
  /** Folder in which it worked. */
  readonly directory: string;
}

/** Where Debian keeps the keys that sign its archives. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Turns what apt or dpkg wrote into one error that says what to do. */
export function aptFailure({ action, stderr, directory }: FailedRun): VmError {
  const details = significantLines(stderr);
  if (/No space left on device|don't have enough free space/.test(stderr))
    return noRoomError(directory, cause(details));
  const host = unreachableHost(stderr);
  if (host !== undefined)
    return failure(
      `No network while ${action}: ${host} cannot be reached. A kernel that has been fetched once works without it; ` +
        "behind a proxy, set http_proxy or apt's Acquire::http::Proxy.",
      [],
      details,
    );
  if (/Permission denied|are you root/.test(stderr)) return notWritableError(directory, cause(details));
  if (
    /NO_PUBKEY|is not signed|No keyring installed|signatures? (?:couldn't|were invalid)|EXPKEYSIG/.test(
      stderr,
    )
  )
    return failure(
      `Debian's signature could not be checked while ${action}. The keys come from package ` +
        'debian-archive-keyring: install it, or its newest version.',
      details,
    );
  if (/is not valid yet|is expired/.test(stderr))
    return failure(
      `The archive's dates do not fit this host's clock while ${action}: set the clock.`,
      details,
    );
  return failure(`apt failed while ${action}.`, details);
}

/** No key to check Debian's signatures with. */
export function noKeyringError(): VmError {
  return new VmError(
    'ERR_KMOD_VM_PACKAGES',
    `${KEYRING} does not exist, so Debian's signatures cannot be checked: ` +
      'apt-get install debian-archive-keyring.',
  );
}

/** Name of the host that apt could not reach, if that is what its messages say. */
export function unreachableHost(stderr: string): string | undefined {
  const patterns = [
    /(?:Temporary failure|Something wicked happened) resolving '([^']+)'/,
    /Could not resolve (?:host:? )?'?([^\s']+?)'?(?=\s|$)/m,
    /Could not connect to ([^\s:]+)/,
    /Cannot initiate the connection to ([^\s:]+)/,
    /Unable to connect to ([^\s:]+)/,
    /Connection (?:failed|timed out)[^[]*\[IP: ([^\s\]]+)/,
  ];
  return patterns.map((pattern) => pattern.exec(stderr)?.[1]).find((host) => host !== undefined);
}

function failure(message: string, shown: readonly string[], hidden: readonly string[] = []): VmError {
  const text = [message, ...shown.map((line) => `  ${line}`)].join('\n');
  return new VmError('ERR_KMOD_VM_PACKAGES', text, { cause: cause(hidden) });
}

function cause(details: readonly string[]): Error | undefined {
  return details.length === 0 ? undefined : new Error(details.join('\n'));
}

/** The lines marked as errors, or the last ones if none is; at most four. */
function significantLines(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /^(?:E|Err|dpkg-deb|tar):/.test(line));
  return [...new Set(errors.length > 0 ? errors : lines)].slice(-4);
}
