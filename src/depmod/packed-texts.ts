/** Texts one after the other in one array, numbered from 0. A character stands for one byte. */
export interface PackedTexts {
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last one ends: one number more than there are texts. */
  readonly starts: Uint32Array;
}

/** Puts texts of latin1 characters one after the other. */
export function packTexts(texts: readonly string[]): PackedTexts {
  const starts = new Uint32Array(texts.length + 1);
  let end = 0;
  for (let number = 0; number < texts.length; number++)
    starts[number + 1] = end += (texts[number] as string).length;
  return { bytes: Buffer.from(texts.join(''), 'latin1'), starts };
}

/** The texts as strings. */
export function unpackTexts({ bytes, starts }: PackedTexts): readonly string[] {
  // One long string cut into pieces is several times faster than a call into native code for each text.
  const all = latin1(bytes);
  const texts: string[] = [];
  for (let number = 0; number < starts.length - 1; number++)
    texts.push(all.slice(starts[number], starts[number + 1]));
  return texts;
}

/** Bytes as a text of as many characters. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
