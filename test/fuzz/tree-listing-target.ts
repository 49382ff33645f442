import { deepStrictEqual, strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  type BigIntStats,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packTexts } from '../../src/depmod/packed-texts.ts';
import { scanInParallel } from '../../src/depmod/parallel-scan.ts';
import { matchPortably } from '../../src/depmod/text-matching.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { InputReader } from './input-reader.ts';

/** What tree-listing-target.cc does, in the addon as it is. */
export function fuzz(data: Buffer): void {
  const input = new InputReader(data);
  const native = nativeBinding();
  const helpers = input.byte() % 4;
  input.byte(); // the seed, which the addon chooses itself
  input.byte(); // how many buckets
  input.readPool();
  const [texts, others] = [packTexts(input.texts(32)), packTexts(input.texts(32))];
  deepStrictEqual(native.matchTexts(texts, others), matchPortably(texts, others));
  const paths = Buffer.from(input.bytes(256), 'latin1');
  const capacity = input.byte() % 16;
  const complete = paths.filter((byte) => byte === 0).length;
  strictEqual(native.stampFiles(paths, new BigInt64Array(capacity * 4)), Math.min(complete, capacity));
  const [endings, excluded] = [input.texts(5), input.texts(5)];
  input.words(); // numbers that are no file's
  const root = mkdtempSync(join(tmpdir(), 'kmodctl-fuzz-'));
  try {
    makeTree(input, root);
    const listing = native.listModules(root, packTexts(endings), packTexts(excluded));
    const expected = walk(root, '', { endings, excluded });
    const found = listing?.paths.toString('latin1').split('\0').slice(0, -1);
    deepStrictEqual(found, expected);
    if (expected === undefined) return;
    const files = expected.map((path) => join(root, path));
    const { part, left } = scanInParallel({
      files,
      order: Uint32Array.from(files.keys()),
      compat: false,
      helpers,
    });
    strictEqual((part?.columns.rows.length ?? 0) / 6 + left.length, files.length);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const FOLDER = 1;
const LINK = 2;
const PIPE = 3;

/** See scratch-tree.h. */
function makeTree(input: InputReader, root: string): void {
  const folders: Buffer[] = [Buffer.from(root)];
  for (let left = input.byte() % 32; left > 0; left--) {
    const kind = input.byte() % 8;
    const [name, content] = [input.text(), Buffer.from(input.text(), 'latin1')];
    if (kind === 0 && folders.length > 1) folders.pop();
    if (kind === 0 || ['', '.', '..'].includes(name) || /[/\0]/.test(name)) continue;
    const path = Buffer.concat([folders.at(-1) ?? Buffer.alloc(0), Buffer.from(`/${name}`, 'latin1')]);
    if (!makeEntry(kind, path, content)) continue;
    if (kind === FOLDER) folders.push(path);
  }
}

function makeEntry(kind: number, path: Buffer, content: Buffer): boolean {
  try {
    if (kind === FOLDER) mkdirSync(path);
    else if (kind === LINK) symlinkSync(content, path);
    else if (kind === PIPE) execFileSync('mkfifo', ['--', path.toString()], { stdio: 'ignore' });
    else writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

interface Names {
  readonly endings: readonly string[];
  readonly excluded: readonly string[];
}

/** The modules of a folder in their order; undefined for what a listing leaves to others. */
function walk(root: string, prefix: string, names: Names): readonly string[] | undefined {
  const paths: string[] = [];
  const entries = readdirSync(join(root, prefix), 'latin1');
  for (const name of entries.toSorted((a, b) => (a < b ? -1 : 1))) {
    if (names.excluded.includes(name)) continue;
    const path = Buffer.from(join(root, prefix, name), 'latin1');
    const isAscii = /^[\0-\x7f]*$/.test(name);
    if (lstatSync(path).isDirectory()) {
      const below = isAscii ? walk(root, `${prefix}${name}/`, names) : undefined;
      if (below === undefined) return undefined;
      paths.push(...below);
      continue;
    }
    if (statOf(path)?.isFile() !== true) return undefined;
    if (!names.endings.some((ending) => name.length > ending.length && name.endsWith(ending))) continue;
    if (!isAscii) return undefined;
    paths.push(`${prefix}${name}`);
  }
  return paths;
}

function statOf(path: Buffer): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
