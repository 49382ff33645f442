import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { makeFolders } from '../native/make-folders.ts';

/** A form of the list of device nodes that load modules when they are opened. */
export type NodeFormat = 'human' | 'tmpfiles' | 'devname';

export const nodeFormats: readonly NodeFormat[] = ['human', 'tmpfiles', 'devname'];

/** What became of a `modules.devname`. */
export interface StaticNodes {
  readonly text: string;
  /** Lines that are none, as kmod reports them. */
  readonly malformed: readonly string[];
}

interface Node {
  readonly module: string;
  /** Below /dev. */
  readonly name: string;
  readonly type: string;
  readonly major: number;
  readonly minor: number;
}

// As kmod reads a line: words apart by any white space, numbers with white space before them, and all that follows ignored.
const LINE = /^\s*(\S+)\s+(\S+)\s+([cb])\s*([-+]?\d+):\s*([-+]?\d+)/;

/** Turns the text of a `modules.devname` into one of the forms. */
export function staticNodes(text: string, format: NodeFormat): StaticNodes {
  const malformed: string[] = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const parts = lines.map((line) => {
    if (line.startsWith('#')) return '';
    const [, module, name = '', type = '', major = '', minor = ''] = LINE.exec(line) ?? [];
    if (module !== undefined)
      return writers[format]({ module, name, type, major: unsigned(major), minor: unsigned(minor) });
    malformed.push(line);
    return '';
  });
  return { text: parts.join(''), malformed };
}

const writers: Readonly<Record<NodeFormat, (node: Node) => string>> = {
  human: ({ module, name, type, major, minor }) =>
    [
      `Module: ${module}\n`,
      `\tDevice node: /dev/${name}\n`,
      `\t\tType: ${type === 'b' ? 'block' : 'character'} device\n`,
      `\t\tMajor: ${major}\n`,
      `\t\tMinor: ${minor}\n`,
    ].join(''),
  tmpfiles({ name, type, major, minor }) {
    const slash = name.lastIndexOf('/');
    const folder = slash === -1 ? '' : `d /dev/${name.slice(0, slash)} 0755 - - -\n`;
    return `${folder}${type}! /dev/${name} 0600 - - - ${major}:${minor}\n`;
  },
  devname: ({ module, name, type, major, minor }) => `${module} ${name} ${type}${major}:${minor}\n`,
};

/** Writes a list to a file, whose folders are made. One character stands for one byte. */
export function writeNodeFile(path: string, text: string): void {
  makeFolders(dirname(path), 0o755);
  writeFileSync(path, text, 'latin1');
}

/** As C reads it into 32 bits. */
function unsigned(digits: string): number {
  const number = BigInt(digits.replace('+', ''));
  const limited = number > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : number;
  return Number(BigInt.asUintN(32, limited));
}
