/** The symbols that the running kernel and its modules export, from /proc/kallsyms. */
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath } from './kernel-file.ts';
import type { KernelSymbol } from './old-calls/kernel-symbol.ts';

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
  readonly name: string;
  address: string | undefined;
  isGlobal: boolean;
}

const MARK = '__ksymtab_';
const RECORD = '__this_module\t[';
/** How many lines are looked at before others have their turn. */
const TURN = 20_000;
const FIRST_SIZE = 12 * 2 ** 20;
const NEWLINE = 10;
const SPACE = 32;

/**
 * Reads the exported symbols: those with an entry `__ksymtab_NAME`, which every export has, with the address of NAME. The
 * letter beside a symbol does not tell: for the kernel's image a capital only means global, and of a module's exports those
 * for the GPL have small ones.
 *
 * The file is about 10 MB; it is read off the main thread, and looked through in turns with other work.
 *
 * @throws KmodError `ERR_KMOD_NO_SYMBOLS` where the kernel lists no exports, `ERR_KMOD_PROC` for a file that cannot be read
 */
export async function kernelExports(location: KernelLocation = {}): Promise<KernelExports> {
  const path = kernelPath(location, 'proc/kallsyms');
  const text = await readWhole(path);
  const wanted = wantedNames(text);
  if (![...wanted.keys()].some((key) => !key.includes('\t')))
    throw new KmodError(
      'ERR_KMOD_NO_SYMBOLS',
      `${path} does not tell which symbols are exported: the kernel was built without CONFIG_KALLSYMS_ALL (or without modules). Module.symvers of its headers does.`,
      { path },
    );
  await findAddresses(text, wanted);
  return sorted(wanted);
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      let bytes = Buffer.allocUnsafe(FIRST_SIZE);
      let length = 0;
      for (;;) {
        if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(length)]);
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) return bytes.subarray(0, length);
        length += bytesRead;
      }
    } finally {
      await file.close();
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
function wantedNames(text: Buffer): Map<string, Entry> {
  const wanted = new Map<string, Entry>();
  const want = (start: number, end: number): void => {
    const key = text.toString('latin1', start, end);
    if (!wanted.has(key))
      wanted.set(key, { name: key.split('\t')[0] ?? '', address: undefined, isGlobal: false });
  };
  for (let at = text.indexOf(MARK); at !== -1; at = text.indexOf(MARK, at + 1))
    if (text[at - 1] === SPACE) want(at + MARK.length, lineEnd(text, at));
  for (let at = text.indexOf(RECORD); at !== -1; at = text.indexOf(RECORD, at + 1))
    if (text[at - 1] === SPACE) want(at, lineEnd(text, at));
  return wanted;
}

async function findAddresses(text: Buffer, wanted: ReadonlyMap<string, Entry>): Promise<void> {
  let lines = 0;
  for (let start = 0; start < text.length;) {
    const end = lineEnd(text, start);
    // The address, a letter between two blanks, and the rest.
    const nameAt = text.indexOf(SPACE, start) + 3;
    const entry = nameAt < end ? wanted.get(text.toString('latin1', nameAt, end)) : undefined;
    if (entry !== undefined) {
      const letter = text[nameAt - 2] ?? 0;
      const isGlobal = letter >= 65 && letter <= 90;
      // Of several with one name the global one is meant.
      if (entry.address === undefined || (isGlobal && !entry.isGlobal)) {
        entry.address = text.toString('latin1', start, nameAt - 3);
        entry.isGlobal = isGlobal;
      }
    }
    start = end + 1;
    if (++lines % TURN === 0) await setImmediate();
  }
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
