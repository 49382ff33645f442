/** The symbols that the running kernel and its modules export, from /proc/kallsyms. */
import { closeSync, openSync, readSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath } from './kernel-file.ts';
import type { KernelSymbol } from './old-calls/kernel-symbol.ts';
import { Turns } from './turns.ts';

/** What a module exports. */
export interface ModuleExports {
  /** Address of its `struct module`; null where the kernel hides it or does not list it. */
  readonly record: bigint | null;
  readonly symbols: readonly KernelSymbol[];
}

/** All exported symbols of a running kernel, in the order of /proc/kallsyms. */
export interface KernelExports {
  /** Of the kernel's image. */
  readonly resident: readonly KernelSymbol[];
  /** Of the modules, by name; also those that export nothing. */
  readonly modules: ReadonlyMap<string, ModuleExports>;
  /** Whether the kernel keeps addresses from the caller (kptr_restrict, no CAP_SYSLOG): then all are null. */
  readonly addressesHidden: boolean;
}

/** A name that is looked for, and what is known of it so far. */
interface Entry {
  readonly key: string;
  readonly name: string;
  address: string | undefined;
  isGlobal: boolean;
}

const MARK = '__ksymtab_';
const RECORD = '__this_module\t[';
/** Lines between two looks at the clock: a millisecond of work or less. */
const LINES_AT_ONCE = 2048;
const FIRST_SIZE = 12 * 2 ** 20;
const NEWLINE = 10;
const SPACE = 32;

/**
 * Reads the exported symbols: those with an entry `__ksymtab_NAME`, which every export has, with the address of NAME. The
 * letter beside a symbol does not tell: for the kernel's image a capital only means global, and of a module's exports those
 * for the GPL have small ones.
 *
 * The file is about 10 MB; it is read and looked through in short turns with other work of the event loop.
 *
 * @throws KmodError `ERR_KMOD_NO_SYMBOLS` where the kernel lists no exports, `ERR_KMOD_PROC` for a file that cannot be read
 */
export async function kernelExports(location: KernelLocation = {}): Promise<KernelExports> {
  const path = kernelPath(location, 'proc/kallsyms');
  const turns = new Turns();
  const text = await readWhole(path, turns);
  const wanted = await wantedNames(text, turns);
  if (![...wanted.keys()].some((key) => !key.includes('\t')))
    throw new KmodError(
      'ERR_KMOD_NO_SYMBOLS',
      `${path} does not tell which symbols are exported: the kernel was built without CONFIG_KALLSYMS_ALL (or without modules). Module.symvers of its headers does.`,
      { path },
    );
  await findAddresses(text, wanted, turns);
  return sorted(wanted);
}

/** The kernel gives it out in thousands of small pieces; none of them makes a program wait. */
async function readWhole(path: string, turns: Turns): Promise<Buffer> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      let bytes = Buffer.allocUnsafe(FIRST_SIZE);
      let length = 0;
      for (;;) {
        if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(length)]);
        const read = readSync(descriptor, bytes, length, bytes.length - length, null);
        if (read === 0) return bytes.subarray(0, length);
        length += read;
        if (turns.isOver) await turns.next();
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new KmodError(
        'ERR_KMOD_NO_SYMBOLS',
        `${path} does not exist: the kernel was built without CONFIG_KALLSYMS, or /proc is not mounted.`,
        { path, cause: error },
      );
    throw new KmodError('ERR_KMOD_PROC', `${path} cannot be read: ${(error as Error).message}`, {
      path,
      cause: error,
    });
  }
}

/** Each exported symbol by the text of its line behind the letter: its name, and `\t[MODULE]` where it has one. */
async function wantedNames(text: Buffer, turns: Turns): Promise<Map<string, Entry>> {
  const wanted = new Map<string, Entry>();
  for (const [mark, skipped] of [
    [MARK, MARK.length],
    [RECORD, 0],
  ] as const)
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
      if (text[at - 1] !== SPACE) continue;
      const key = text.toString('latin1', at + skipped, lineEnd(text, at));
      if (!wanted.has(key))
        wanted.set(key, { key, name: key.split('\t')[0] ?? '', address: undefined, isGlobal: false });
      if (wanted.size % 256 === 0 && turns.isOver) await turns.next();
    }
  return wanted;
}

async function findAddresses(text: Buffer, wanted: ReadonlyMap<string, Entry>, turns: Turns): Promise<void> {
  const byHash = entriesByHash(wanted);
  for (let start = 0; start < text.length;) {
    start = scanLines(text, start, byHash);
    if (turns.isOver) await turns.next();
  }
}

/**
 * Looks at some lines, and hashes the names as it goes: there are twenty times as many symbols as are exported, and making a
 * text of each would take most of the time. A function of its own, for the compiler's sake.
 *
 * @returns where the next line begins
 */
function scanLines(text: Uint8Array, from: number, byHash: ReadonlyMap<number, readonly Entry[]>): number {
  const { length } = text;
  let start = from;
  for (let lines = 0; lines < LINES_AT_ONCE && start < length; lines++) {
    // The address, a letter between two blanks, and the name to the end of the line.
    let at = start;
    while (at < length && text[at] !== SPACE && text[at] !== NEWLINE) at++;
    const nameAt = at + 3;
    let hash = FIRST_HASH;
    for (at = nameAt; at < length; at++) {
      const byte = text[at] ?? NEWLINE;
      if (byte === NEWLINE) break;
      hash = nextHash(hash, byte);
    }
    const entries = byHash.get(hash);
    if (entries !== undefined) noteAddress(entries, text, { start, nameAt, end: at });
    start = at + 1;
  }
  return start;
}

const FIRST_HASH = 5381;

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 33) ^ byte) | 0;
}

function entriesByHash(wanted: ReadonlyMap<string, Entry>): ReadonlyMap<number, readonly Entry[]> {
  const byHash = new Map<number, Entry[]>();
  for (const [key, entry] of wanted) {
    let hash = FIRST_HASH;
    for (let index = 0; index < key.length; index++) hash = nextHash(hash, key.charCodeAt(index));
    const same = byHash.get(hash);
    if (same === undefined) byHash.set(hash, [entry]);
    else same.push(entry);
  }
  return byHash;
}

/** Of several symbols with one name the global one is meant. */
function noteAddress(
  entries: readonly Entry[],
  text: Uint8Array,
  { start, nameAt, end }: { readonly start: number; readonly nameAt: number; readonly end: number },
): void {
  const line = Buffer.from(text.buffer, text.byteOffset + start, end - start).toString('latin1');
  const entry = entries.find(({ key }) => key === line.slice(nameAt - start));
  if (entry === undefined) return;
  const isGlobal = /^[A-Z]$/.test(line.charAt(nameAt - start - 2));
  if (entry.address !== undefined && (!isGlobal || entry.isGlobal)) return;
  entry.address = line.slice(0, nameAt - start - 3);
  entry.isGlobal = isGlobal;
}

function lineEnd(text: Buffer, at: number): number {
  const end = text.indexOf(NEWLINE, at);
  return end === -1 ? text.length : end;
}

function sorted(wanted: ReadonlyMap<string, Entry>): KernelExports {
  const addressesHidden = [...wanted.values()].every(({ address }) => /^0*$/.test(address ?? ''));
  const valueOf = ({ address }: Entry): bigint | null =>
    addressesHidden || address === undefined || !/^[0-9a-f]+$/.test(address) ? null : BigInt(`0x${address}`);
  const resident: KernelSymbol[] = [];
  const modules = new Map<string, { record: bigint | null; symbols: KernelSymbol[] }>();
  for (const [key, entry] of wanted) {
    const owner = /\t\[(.*)\]\s*$/.exec(key)?.[1];
    const symbol = { name: entry.name, value: valueOf(entry) };
    if (owner === undefined) {
      resident.push(symbol);
      continue;
    }
    let module = modules.get(owner);
    if (module === undefined) modules.set(owner, (module = { record: null, symbols: [] }));
    if (key.startsWith(RECORD)) module.record = symbol.value;
    else module.symbols.push(symbol);
  }
  return { resident, modules, addressesHidden };
}
