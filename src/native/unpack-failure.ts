import { KmodError } from '../errors/kmod-error.ts';
import type { DecodeRefusal } from './binding.ts';
import type { Compression } from './compression-magic.ts';

/** What was being unpacked. */
export interface UnpackSubject {
  readonly path: string;
  readonly compression: Compression;
  /** Largest output wanted, in bytes. */
  readonly limit: number;
}

/** The native decoder's answers, as native/decoder.h defines them. */
export const decodeResult = {
  libraryMissing: -79,
  noMemory: -12,
  outputFull: -105,
  tooLarge: -27,
  windowTooLarge: -75,
  damaged: -74,
  truncated: -61,
  trailingBytes: -84,
  unknownFeature: -95,
} as const;

/** The error for a refusal of the native decoder. */
export function decodeError(subject: UnpackSubject, { result, position }: DecodeRefusal): KmodError {
  switch (result) {
    case decodeResult.tooLarge:
    case decodeResult.outputFull:
      return tooLargeError(subject);
    case decodeResult.windowTooLarge:
      return memoryError(subject, 'needs more memory than the limit for its window (dictionary)');
    case decodeResult.noMemory:
      return memoryError(subject, 'cannot be unpacked: there is no memory for it');
    case decodeResult.truncated:
      return dataError(subject, 'ends early: the file is incomplete');
    case decodeResult.trailingBytes:
      return dataError(subject, `is complete at byte ${position}, but something else follows it`);
    case decodeResult.unknownFeature:
      return dataError(
        subject,
        `uses a feature (filter, check or dictionary) that the installed library does not have, found near byte ${position}`,
      );
    default:
      return dataError(subject, `is damaged, found near byte ${position}`);
  }
}

/** ERR_KMOD_COMPRESSED_DATA; `finding` continues "the xz data". */
export function dataError({ path, compression }: UnpackSubject, finding: string, cause?: unknown): KmodError {
  return new KmodError(
    'ERR_KMOD_COMPRESSED_DATA',
    `${path}: the ${compression} data ${finding}. Install the file anew.`,
    { path, ...(cause !== undefined && { cause }) },
  );
}

/** ERR_KMOD_TOO_LARGE for output past the limit. */
export function tooLargeError({ path, compression, limit }: UnpackSubject): KmodError {
  const subject = compression === 'none' ? 'it has' : `the ${compression} data unpacks to`;
  return new KmodError('ERR_KMOD_TOO_LARGE', `${path}: ${subject} more than the limit of ${limit} bytes.`, {
    path,
  });
}

function memoryError({ path, compression, limit }: UnpackSubject, finding: string): KmodError {
  return new KmodError(
    'ERR_KMOD_TOO_LARGE',
    `${path}: the ${compression} data ${finding} (limit: ${limit} bytes).`,
    { path },
  );
}

const libraries = {
  xz: { soname: 'liblzma.so.5', debian: 'liblzma5', fedora: 'xz-libs' },
  zstd: { soname: 'libzstd.so.1', debian: 'libzstd1', fedora: 'libzstd' },
} as const;

/** ERR_KMOD_COMPRESSION_LIBRARY: names the library, what the loader said, and the packages that have it. */
export function libraryError(path: string, compression: 'xz' | 'zstd', reason: string): KmodError {
  const { soname, debian, fedora } = libraries[compression];
  return new KmodError(
    'ERR_KMOD_COMPRESSION_LIBRARY',
    `${path} is compressed with ${compression}, and the library ${soname} that unpacks it could not be loaded: ${reason}. Install the package ${debian} (Debian, Ubuntu) or ${fedora} (Fedora).`,
    { path },
  );
}
