/** Modules that need each other's symbols. */
import type { TreeFile } from './depmod-comparison.ts';

/** A module that exports `sym_NAME`. */
export function provider(name: string): TreeFile {
  const exports = [{ name: `sym_${name}`, crc: 0x1000 + name.length }];
  return { module: { modinfo: ['license=GPL', `name=${name}`], exports } };
}

/** A module that needs the symbols of some providers. */
export function user(...names: readonly string[]): TreeFile {
  const needs = names.map((name) => ({ name: `sym_${name}`, crc: 0x1000 + name.length }));
  return { module: { modinfo: ['license=GPL'], needs } };
}
