import { ElfImage } from '../module-file/elf-image.ts';
import { unpackModuleSync } from '../module-file/compression.ts';
import { listedExports } from '../module-file/exported-symbol.ts';
import { readModuleBytesSync } from '../module-file/module-bytes.ts';
import { DEFAULT_LIMIT } from '../module-file/module-file.ts';
import { symbolVersions } from '../module-file/symbol-version.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { resultText } from '../errors/system-error.ts';
import { lookUpName } from '../plan/lookup.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import { filePath } from '../native/byte-text.ts';
import { ByteOutput } from './byte-output.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

const ENODATA = -61;
const EINVAL = -22;
const EISDIR = -21;

/** What is shown of a module's symbols: those that it needs, with the versions it was built for, or those it offers. */
export type ShownSymbols = 'modversions' | 'symbols';

interface Symbol {
  readonly name: string;
  readonly crc: number;
}

/** `--show-modversions` and `--show-exports`: lines of a symbol's version, a tab and its name. Answers the exit code. */
export function showSymbols(call: ModprobeCall, operand: string, kind: ShownSymbols): number {
  const path = findFile(call, operand);
  if (path === undefined) {
    complain(call, `Module ${operand} not found.`);
    return 1;
  }
  let symbols: readonly Symbol[];
  try {
    symbols = readSymbols(path, kind, call.arguments.compat);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    complain(
      call,
      `could not get ${kind} of ${operand}: ${resultText(isFolder(path) ? EISDIR : (error.errno ?? EINVAL))}`,
    );
    return 1;
  }
  if (symbols.length === 0) {
    complain(call, `could not get ${kind} of ${operand}: ${resultText(ENODATA)}`);
    return 1;
  }
  const output = new ByteOutput(call.io.stdout);
  for (const { name, crc } of symbols)
    output.add(`0x${crc.toString(16).padStart(8, '0')}\t${bytesOfText(name)}\n`);
  output.flush();
  return 0;
}

function complain({ messages, arguments: { all } }: ModprobeCall, text: string): void {
  if (all) messages.warning(text);
  else messages.fatal(text);
}

/** A file of this name; otherwise, as kmod after 34, that of a module. */
function findFile(call: ModprobeCall, operand: string): string | undefined {
  const { io, tree, configuration } = call;
  const path = resolve(io.workingDirectory, operand);
  if (operand !== '' && statSync(filePath(path), { throwIfNoEntry: false }) !== undefined) return path;
  if (call.arguments.compat || /^\.?\//.test(operand)) return undefined;
  for (const { module } of lookUpName(tree, operand, configuration)) {
    const line = tree.dependencyLine(module);
    if (line !== undefined) return line.path;
  }
  return undefined;
}

function readSymbols(path: string, kind: ShownSymbols, compat: boolean): readonly Symbol[] {
  const packed = readModuleBytesSync(path, DEFAULT_LIMIT);
  const image = new ElfImage(unpackModuleSync(packed, { path, limit: DEFAULT_LIMIT }), path);
  return kind === 'modversions' ? symbolVersions(image, compat) : listedExports(image, compat);
}

function isFolder(path: string): boolean {
  return statSync(filePath(path), { throwIfNoEntry: false })?.isDirectory() === true;
}
