import { treeCalls } from '../native/tree-calls.ts';
import { type PackedTexts, unpackTexts } from './packed-texts.ts';

/** In place of a text's number: there is none that is equal. */
export const NO_MATCH = 0xffff_ffff;

/** For each text the number of the first equal one among `others`, or {@link NO_MATCH}. */
export function matchTexts(texts: PackedTexts, others: PackedTexts): Uint32Array {
  return treeCalls()?.matchTexts(texts, others) ?? matchPortably(texts, others);
}

/** {@link matchTexts} without the addon. */
export function matchPortably(texts: PackedTexts, others: PackedTexts): Uint32Array {
  const numbers = new Map<string, number>();
  for (const [number, text] of unpackTexts(others).entries())
    if (!numbers.has(text)) numbers.set(text, number);
  return Uint32Array.from(unpackTexts(texts), (text) => numbers.get(text) ?? NO_MATCH);
}
