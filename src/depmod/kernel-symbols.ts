import { readFileSync } from 'node:fs';

import { resolve } from 'node:path';

import { systemErrorText } from '../config/configuration-files.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { DepmodReport } from './depmod-notice.ts';

/** Symbols of the kernel itself with their CRCs (0 where unknown). */
export type KernelSymbols = ReadonlyMap<string, number>;

/** No list of the kernel's symbols at hand. */
export const noKernelSymbols: KernelSymbols = new Map();

/** The module loader makes these up. */
const madeUp = ['__this_module', '_GLOBAL_OFFSET_TABLE_', 'TOC.'];
const KSYMTAB = '__ksymtab_';
/** kmod reads lines in pieces of this many bytes. */
const MAX_PIECE = 10_239;

/** A file of symbols, and what their names look like. */
export interface SymbolFile {
  readonly path: string;
  /** Folder that a relative path starts at. */
  readonly workingDirectory: string;
  /** The character of `-P`; empty for none. It is taken off the names. */
  readonly prefix: string;
}

/** A name without the character that compilers of some machines put before it. */
export function withoutPrefix(name: string, prefix: string): string {
  return prefix !== '' && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/**
 * Reads a `Module.symvers`: lines `crc symbol where …`, of which those with `vmlinux` as their place count.
 *
 * @throws KmodError `ERR_KMOD_SYMBOL_FILE` when the file cannot be read
 */
export function readModuleSymvers(file: SymbolFile, report: DepmodReport): KernelSymbols {
  const { path, prefix } = file;
  const symbols = new Map<string, number>();
  for (const [index, line] of readPieces(file).entries()) {
    const [crc, symbol, place] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (crc === undefined || symbol === undefined || place !== 'vmlinux') continue;
    const value = parseHexadecimal(crc);
    if (value === undefined)
      report({ priority: 'error', text: `${path}:${index + 1} Invalid symbol version ${crc}` });
    else symbols.set(withoutPrefix(symbol, prefix), value);
  }
  return withMadeUp(symbols);
}

/**
 * Reads a `System.map`: lines `address type name`, of which names that begin with `__ksymtab_` tell what is exported.
 *
 * @throws KmodError `ERR_KMOD_SYMBOL_FILE` when the file cannot be read
 */
export function readSystemMap(file: SymbolFile, report: DepmodReport): KernelSymbols {
  const { path, prefix } = file;
  const symbols = new Map<string, number>();
  for (const [index, line] of readPieces(file).entries()) {
    const first = line.indexOf(' ');
    const second = first === -1 ? -1 : line.indexOf(' ', first + 1);
    const name = withoutPrefix(line.slice(second + 1).replace(/\n$/, ''), prefix);
    if (second === -1) report({ priority: 'error', text: `${path}:${index + 1}: invalid line: ${line}` });
    else if (name.startsWith(KSYMTAB)) symbols.set(name.slice(KSYMTAB.length), 0);
  }
  return withMadeUp(symbols);
}

function withMadeUp(symbols: Map<string, number>): KernelSymbols {
  for (const name of madeUp) symbols.set(name, 0);
  return symbols;
}

/** Lines with their newlines, long ones cut. */
function readPieces({ path, workingDirectory }: SymbolFile): readonly string[] {
  let text: string;
  try {
    text = readFileSync(resolve(workingDirectory, path), 'latin1');
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw new KmodError('ERR_KMOD_SYMBOL_FILE', `could not load ${path}: ${systemErrorText(error)}`, {
      path,
      cause: error,
      ...(errno === undefined ? {} : { errno }),
    });
  }
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = Math.min(newline === -1 ? text.length : newline + 1, start + MAX_PIECE);
    const nul = text.slice(start, end).indexOf('\0');
    pieces.push(text.slice(start, nul === -1 ? end : start + nul));
    start = end;
  }
  return pieces;
}

function parseHexadecimal(text: string): number | undefined {
  const [, digits] = /^(?:0[xX])?([0-9a-fA-F]+)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
