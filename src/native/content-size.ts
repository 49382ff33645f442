import type { Compression } from './compression-magic.ts';

const XZ_FOOTER = 12;

/**
 * What a compressed file says that it unpacks to, in bytes. It need not be so: it is good for the size of the first buffer.
 * Undefined where the file does not say it.
 */
export function statedContentSize(bytes: Uint8Array, compression: Compression): number | undefined {
  const size = compression === 'xz' ? xzSize(bytes) : compression === 'zstd' ? zstdSize(bytes) : undefined;
  return size !== undefined && Number.isSafeInteger(size) ? size : undefined;
}

/** The sum over the blocks in the index of the last stream (The .xz File Format, 2.1.2 and 4). */
function xzSize(bytes: Uint8Array): number | undefined {
  const end = bytes.length;
  if (end < 2 * XZ_FOOTER || bytes[end - 2] !== 0x59 || bytes[end - 1] !== 0x5a) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  const indexSize = (view.getUint32(end - 8, true) + 1) * 4;
  let place = end - XZ_FOOTER - indexSize;
  if (place < XZ_FOOTER || bytes[place++] !== 0) return undefined;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = bytes[place++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  let size = 0;
  for (let blocks = number(); blocks > 0; blocks--) {
    number();
    size += number();
    if (place > end) return undefined;
  }
  return size;
}

/** The field in the header of the first frame (RFC 8878, 3.1.1.1). */
function zstdSize(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 18 || view.getUint32(0, true) !== 0xfd2f_b528) return undefined;
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  switch (descriptor >> 6) {
    case 0:
      return isSingle ? bytes[at] : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}
