import { crc32 } from 'node:zlib';

import { KmodError } from '../errors/kmod-error.ts';

/** Words of C as genksyms tells them apart: names and numbers, texts, operators of several characters, single ones. */
const TOKEN =
  /(?:L?"(?:[^"\\]|\\.)*"|L?'(?:[^'\\]|\\.)*'|[A-Za-z_$][\w$]*|\.?\d(?:[eEpP][+-]|[\w.])*|\.\.\.|[~%^&*+=|<>/-]=|&&|\|\||->|<<|>>|\S)/gsu;

/**
 * The version that genksyms gives to a symbol: the CRC-32 of its declaration, each word of it with a blank behind. The
 * declaration is to be as genksyms expands it: no names of parameters, no `extern`, no semicolon, and each structure,
 * union, enumeration and typedef written out where it comes first. White space does not matter.
 *
 * @returns 32 bits, unsigned
 * @throws KmodError `ERR_KMOD_PARAMETERS` for a declaration without a word
 */
export function prototypeCrc(prototype: string): number {
  const words = prototype.match(TOKEN);
  if (words === null) throw new KmodError('ERR_KMOD_PARAMETERS', 'The declaration of a symbol is empty.');
  return crc32(words.map((word) => `${word} `).join(''));
}

/**
 * The name of a symbol with its version, as modules up to Linux 2.4 had it: `printk_R1b7d4074`.
 *
 * @param prefix in front of the version; `smp_` on kernels for several processors. Default none.
 */
export function versionedSymbolName(name: string, crc: number, prefix = ''): string {
  return `${name}_R${prefix}${crc.toString(16).padStart(8, '0')}`;
}
