import { existsSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import type { ExportedSymbol } from '../module-file/exported-symbol.ts';
import { type Inquiry, readFile } from './inquiry.ts';

/** A symbol by Module.symvers. */
export interface ListedSymbol extends ExportedSymbol {
  /** `vmlinux`, or the path of a module in the sources. */
  readonly exporter: string;
}

/** What Module.symvers says of some symbols. */
export interface SymbolTableFile {
  readonly path: string;
  readonly symbols: ReadonlyMap<string, ListedSymbol>;
}

const LINES_BETWEEN_PAUSES = 4000;

/**
 * Looks symbols up in the Module.symvers of a kernel's headers. Undefined where they are not installed.
 *
 * @param names those wanted; others are passed over
 */
export function* symbolTableFile(
  names: ReadonlySet<string>,
  { root, release, moduleDirectory }: { root: string; release: string; moduleDirectory: string },
): Inquiry<SymbolTableFile | undefined> {
  const path = [
    `${moduleDirectory}/build/Module.symvers`,
    `${root}/usr/src/linux-headers-${release}/Module.symvers`,
    `${root}/usr/src/kernels/${release}/Module.symvers`,
  ].find((place) => existsSync(place));
  if (path === undefined) return undefined;
  const symbols = new Map<string, ListedSymbol>();
  try {
    const lines = (yield* readFile(path)).toString('latin1').split('\n');
    for (const [index, line] of lines.entries()) {
      if (index % LINES_BETWEEN_PAUSES === 0) yield { kind: 'pause' };
      const end = line.indexOf('\t', 11);
      const name = line.slice(11, end === -1 ? undefined : end);
      if (!names.has(name)) continue;
      const [crc = '', , exporter = '', kind = '', namespace = ''] = line.split('\t');
      const number = Number.parseInt(crc, 16);
      symbols.set(name, {
        name,
        crc: number === 0 || Number.isNaN(number) ? null : number,
        gplOnly: kind.includes('GPL'),
        namespace: namespace === '' ? null : namespace,
        exporter,
      });
    }
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
  return { path, symbols };
}
