/**
 * Text that may be no UTF-8. Bytes that are UTF-8 become the text that they are; each other byte becomes the surrogate
 * U+DC00 + byte, which no text has alone. So every sequence of bytes has its own text, and gets back what it was.
 */
import { isUtf8 } from 'node:buffer';

const ESCAPE = 0xdc00;
const REPLACEMENT = '\ufffd';
const ESCAPED = /[\udc80-\udcff]/;
// What is in pairs is a character; the rest are bytes.
const LONE_ESCAPES = /(?<![\ud800-\udbff])[\udc80-\udcff]/g;

/** The text of bytes. */
export function byteText(bytes: Buffer): string {
  const text = bytes.toString();
  // Only what was replaced can have been no UTF-8, and that is rare.
  return text.includes(REPLACEMENT) && !isUtf8(bytes) ? escapedText(bytes) : text;
}

/** The bytes of a text, as {@link byteText} was given them. */
export function textBytes(text: string): Buffer {
  if (!hasEscapedBytes(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  let start = 0;
  for (const { index } of text.matchAll(LONE_ESCAPES)) {
    parts.push(Buffer.from(text.slice(start, index)), Buffer.of(text.charCodeAt(index) - ESCAPE));
    start = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(start))]);
}

/** A path as node:fs takes it, whatever its bytes are. */
export function filePath(path: string): string | Buffer {
  return hasEscapedBytes(path) ? textBytes(path) : path;
}

/** The length of a text in bytes. */
export function byteLength(text: string): number {
  return hasEscapedBytes(text) ? textBytes(text).length : Buffer.byteLength(text);
}

/** Whether a text may hold bytes that are no UTF-8. */
export function hasEscapedBytes(text: string): boolean {
  return ESCAPED.test(text);
}

function escapedText(bytes: Buffer): string {
  let text = '';
  let start = 0;
  while (start < bytes.length) {
    const length = characterLength(bytes, start);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE + (bytes[start] ?? 0))
        : bytes.toString('utf8', start, start + length);
    start += Math.max(1, length);
  }
  return text;
}

/** Bytes of the UTF-8 character that begins at a place; 0 when none does. */
function characterLength(bytes: Buffer, start: number): number {
  const first = bytes[start] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (start + length > bytes.length) return 0;
  return isUtf8(bytes.subarray(start, start + length)) ? length : 0;
}
