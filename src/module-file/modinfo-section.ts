/** One string of a module's `.modinfo` section. */
export interface ModinfoEntry {
  /** What stands before the first `=`; all of a string that has none. */
  readonly key: string;
  /** What stands behind it; empty without one. */
  readonly value: string;
}

/**
 * The strings of a `.modinfo` section, in the file's order, repeated keys kept. Strings are separated by any number of
 * NULs, before the first and behind the last too; the last one may lack its NUL. That is how kmod reads the section;
 * no content is an error.
 *
 * Every byte becomes the character of its number (Latin-1), so that a value can be written out as the same bytes
 * again. {@link textOfBytes} turns one into text for people.
 *
 * @param bytes the section alone
 */
export function parseModinfo(bytes: Uint8Array): readonly ModinfoEntry[] {
  const text = asBuffer(bytes).toString('latin1');
  const entries: ModinfoEntry[] = [];
  for (let start = 0; start < text.length;) {
    const nul = text.indexOf('\0', start);
    const end = nul === -1 ? text.length : nul;
    if (end > start) entries.push(splitEntry(text.slice(start, end)));
    start = end + 1;
  }
  return entries;
}

/** A string `key=value`, taken apart at its first `=`. */
export function splitEntry(text: string): ModinfoEntry {
  const equals = text.indexOf('=');
  if (equals === -1) return { key: text, value: '' };
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

/**
 * A string of bytes as text: UTF-8 where the bytes are that, otherwise the Latin-1 that it is held as. Older modules
 * have their authors' names in either.
 */
export function textOfBytes(value: string): string {
  if (!NON_ASCII.test(value)) return value;
  const decoded = Buffer.from(value, 'latin1').toString('utf8');
  return decoded.includes(REPLACEMENT) ? value : decoded;
}

/** The reverse: text as a string of its UTF-8 bytes, the form in which paths and names are compared and written. */
export function bytesOfText(text: string): string {
  return NON_ASCII.test(text) ? Buffer.from(text).toString('latin1') : text;
}

const NON_ASCII = /[^\0-\x7f]/;
const REPLACEMENT = '\ufffd';

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
