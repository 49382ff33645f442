import { isUtf8 } from 'node:buffer';

/** A file's text; bytes that are no UTF-8 are read as Latin-1, which loses nothing. */
export function fileText(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}
