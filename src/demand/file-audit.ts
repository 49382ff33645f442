import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';

import { shellWord } from '../errors/shell-word.ts';
import { filePath } from '../native/byte-text.ts';
import { FileOwners } from '../execute/file-owner.ts';
import { auditedFiles } from './audited-files.ts';
import type { HelperPlace } from './helper-problem.ts';

/** Something that gives others than root power over what is loaded, or that leads nowhere. */
export interface AuditFinding {
  /**
   * `owner`: it belongs to somebody else. `mode`: others may write to it. `setuid`: it runs with another's rights. `link`: a
   * link that leads nowhere, so that whoever may make its target decides what it is. `unreadable`.
   */
  readonly kind: 'owner' | 'mode' | 'setuid' | 'link' | 'unreadable';
  /** The first file that is concerned. */
  readonly file: string;
  /** What is wrong: the file itself, a folder above it, a link on the way. */
  readonly place: string;
  /** How many of the files that were looked at are concerned. */
  readonly files: number;
  /** One sentence. */
  readonly text: string;
  /** A command that sets it right; null where only a person can tell. */
  readonly remedy: string | null;
}

/** What an audit of files found. */
export interface FileAudit {
  /** How many files and folders were looked at. */
  readonly looked: number;
  /** By place, in the order in which they were found. */
  readonly findings: readonly AuditFinding[];
}

const SETUID_OR_SETGID = 0o6000;

/** Looks at who could change what decides about modules: owner and mode of every file and of every folder above it. */
export function auditFiles(place: HelperPlace): FileAudit {
  const owners = new FileOwners();
  const findings = new Map<string, AuditFinding>();
  let looked = 0;
  for (const file of auditedFiles(place)) {
    const found = findingOf(file, owners);
    if (found === undefined) continue;
    looked++;
    for (const finding of found) {
      const key = `${finding.kind} ${finding.place}`;
      const earlier = findings.get(key);
      findings.set(key, earlier === undefined ? finding : { ...earlier, files: earlier.files + 1 });
    }
  }
  return { looked, findings: [...findings.values()] };
}

/** Undefined for what is not there. */
function findingOf(file: string, owners: FileOwners): readonly AuditFinding[] | undefined {
  const about = { file, files: 1 };
  let status: Stats | undefined;
  try {
    lstatSync(filePath(file));
    status = followed(file);
    // A folder that may not be read may hold anything.
    if (status?.isDirectory() === true) accessSync(filePath(file), constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const text = `${file} cannot be looked at: ${message}`;
    return [{ ...about, kind: 'unreadable', place: file, text, remedy: null }];
  }
  if (status === undefined)
    return [
      { ...about, kind: 'link', place: file, text: `${file} is a link that leads nowhere.`, remedy: null },
    ];
  const findings: AuditFinding[] = [];
  if (status.isFile() && (status.mode & SETUID_OR_SETGID) !== 0)
    findings.push({
      ...about,
      kind: 'setuid',
      place: file,
      text: `${file} runs with the rights of its owner or group, whoever starts it.`,
      remedy: `chmod ug-s ${shellWord(file)}`,
    });
  try {
    const finding = owners.inspect(file);
    if (finding === undefined) return findings;
    const { place, text } = finding;
    const isOwner = lstatSync(filePath(place)).uid !== 0;
    const remedy = isOwner ? `chown -h root:root ${shellWord(place)}` : `chmod go-w ${shellWord(place)}`;
    return [...findings, { ...about, kind: isOwner ? 'owner' : 'mode', place, text, remedy }];
  } catch (error) {
    const text = `${file} cannot be looked at: ${(error as Error).message}`;
    return [...findings, { ...about, kind: 'unreadable', place: file, text, remedy: null }];
  }
}

/** Where a path leads; undefined for a link that leads nowhere, or to itself. */
function followed(file: string): Stats | undefined {
  try {
    return statSync(filePath(file));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
