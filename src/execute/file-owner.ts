import { fstatSync, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

import { KmodError } from '../errors/kmod-error.ts';
import { byteText, filePath } from '../native/byte-text.ts';

/** How strictly owner and mode of files are looked at before they are used. */
export type OwnerCheck = 'off' | 'warn' | 'refuse';

/** Whether a text is one of {@link OwnerCheck}. */
export function isOwnerCheck(text: string): text is OwnerCheck {
  return text === 'off' || text === 'warn' || text === 'refuse';
}

/** A file that somebody else than root could change. */
export interface OwnerFinding {
  /** The file that is to be used. */
  readonly file: string;
  /** What is wrong: the file itself, a folder above it, or a link on the way. */
  readonly place: string;
  /** One sentence. */
  readonly text: string;
}

const MOST_LINKS = 40;
const STICKY = 0o1000;
const [GROUP_WRITE, OTHERS_WRITE] = [0o020, 0o002];

/** What {@link OwnerCheck} is where nobody says: root warns, others see to it that they have the right to load at all. */
export function defaultOwnerCheck(): OwnerCheck {
  return process.geteuid?.() === 0 ? 'warn' : 'off';
}

/**
 * Looks at who could change files: a file and every folder above it have to belong to root, and only root (or the group
 * of root) may write to them. A folder in which all may write, but only the owner may remove or rename (as /tmp), will
 * do if what is in it belongs to root. Links are followed, and all that is on their way counts.
 */
export class FileOwners {
  readonly #faults = new Map<string, string | undefined>();

  /**
   * Undefined when only root could change the file.
   *
   * @param path absolute
   * @param descriptor the open file, which then counts in place of what the path leads to by now
   * @throws Error of node:fs when a part of the path is not there
   */
  inspect(path: string, descriptor?: number): OwnerFinding | undefined {
    const status = descriptor === undefined ? undefined : fstatSync(descriptor);
    const own = status === undefined ? undefined : faultOf(status);
    const found = own === undefined ? this.#faultOnTheWay(path, status === undefined) : [path, own];
    if (found === undefined) return undefined;
    const [place = path, fault] = found;
    const subject = place === path ? path : `${path} is used, and ${place}`;
    return {
      file: path,
      place,
      text: `${subject} ${fault}: somebody else than root could change what is loaded.`,
    };
  }

  #faultOnTheWay(path: string, withFile: boolean): readonly [string, string] | undefined {
    const pending = path.split('/');
    let folder = '/';
    let links = 0;
    const root = this.#folderFault('/', lstatSync('/'));
    if (root !== undefined) return ['/', root];
    while (pending.length > 0) {
      const name = pending.shift() ?? '';
      if (name === '' || name === '.') continue;
      if (name === '..') {
        folder = dirname(folder);
        continue;
      }
      const place = join(folder, name);
      const status = lstatSync(filePath(place));
      if (status.isSymbolicLink() && links++ < MOST_LINKS) {
        // Who may not write to the folder cannot put another link there.
        if (isShared(folder)) {
          const fault = ownerFault(status);
          if (fault !== undefined) return [place, fault];
        }
        const target = byteText(readlinkSync(filePath(place), 'buffer'));
        pending.unshift(...target.split('/'));
        if (target.startsWith('/')) folder = '/';
      } else if (status.isDirectory()) {
        const fault = this.#folderFault(place, status);
        if (fault !== undefined) return [place, fault];
        folder = place;
      } else if (withFile) {
        const fault = faultOf(status);
        return fault === undefined ? undefined : [place, fault];
      }
    }
    return undefined;
  }

  #folderFault(place: string, status: Stats): string | undefined {
    if (!this.#faults.has(place)) this.#faults.set(place, faultOf(status));
    return this.#faults.get(place);
  }
}

function isShared(folder: string): boolean {
  return (lstatSync(filePath(folder)).mode & (GROUP_WRITE | OTHERS_WRITE)) !== 0;
}

function faultOf(status: Stats): string | undefined {
  const fault = ownerFault(status);
  if (fault !== undefined) return fault;
  const { mode, gid } = status;
  if (status.isDirectory() && (mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return 'may be written to by everybody';
  return (mode & GROUP_WRITE) !== 0 && gid !== 0 ? `may be written to by the group ${gid}` : undefined;
}

function ownerFault({ uid }: Stats): string | undefined {
  return uid === 0 ? undefined : `belongs to the user ${uid} and not to root`;
}

/** The error for a finding where such files are refused. Its errno is EPERM. */
export function ownerError({ file, text }: OwnerFinding, module?: string): KmodError {
  return new KmodError(
    'ERR_KMOD_OWNER',
    `${text} It was not used. Set owner and mode (chown root, chmod go-w), or check less strictly.`,
    { path: file, errno: -1, ...(module !== undefined && { module }) },
  );
}
