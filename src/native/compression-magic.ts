/** How a file is compressed. */
export type Compression = 'none' | 'gzip' | 'xz' | 'zstd';

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['gzip', [0x1f, 0x8b]],
];

/** The compression of a file by its first bytes (6 are enough); its name does not count. All else is `none`. */
export function detectCompression(bytes: Uint8Array): Compression {
  for (const [compression, magic] of magics)
    if (magic.every((byte, index) => bytes[index] === byte)) return compression;
  return isSkippableFrame(bytes) ? 'zstd' : 'none';
}

// A zstd file may begin with frames that carry no data (RFC 8878, 3.1.2); pzstd writes such files.
function isSkippableFrame(bytes: Uint8Array): boolean {
  const isFirst = ((bytes[0] ?? 0) & 0xf0) === 0x50;
  return isFirst && bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18;
}

/**
 * Whether an xz file has a check that the kernel's own decompressor knows: CRC32, or none. The xz tool's default is CRC64.
 *
 * @param start the file's first 8 bytes, or more
 */
export function isXzOfKernel(start: Uint8Array): boolean {
  const check = (start[7] ?? 0) & 0x0f;
  return check === 0 || check === 1;
}
