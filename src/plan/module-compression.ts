import type { KmodErrorCode } from '../errors/error-codes.ts';
import { detectCompression, isXzOfKernel } from '../native/compression-magic.ts';
import { readFileStart } from './file-start.ts';
import type { InsertCall } from './plan.ts';

const SHORTEST = 6;

/** What helps where a file cannot be read. */
const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'Run depmod.',
  ENOTDIR: 'Run depmod.',
  EISDIR: 'It is a folder: name a module, or a module file in it.',
  EACCES: 'Let this user read it.',
  ELOOP: 'Mend its symbolic links.',
};

/** The call for a file, and what is in its way, if anything. */
export interface CallChoice {
  readonly call: InsertCall;
  readonly obstacle?: {
    readonly code: KmodErrorCode;
    readonly reason: string;
    readonly errno: number | null;
  };
}

/**
 * Chooses the call by the file's first bytes; its name does not count. A compressed file is left to the kernel where
 * that can unpack it; xz it can only with a CRC32 or without any check.
 *
 * @param readKernelCompression tells what the running kernel can unpack by itself: `xz`, `zstd`, `gzip` or undefined.
 *   Asked only for a compressed file
 * @param compat chooses as kmod does: never an unpacked file in memory, and any xz goes to the kernel
 */
export function chooseCall(
  path: string,
  readKernelCompression: () => string | undefined,
  compat = false,
): CallChoice {
  let start: Buffer;
  try {
    start = readFileStart(path);
  } catch (error) {
    const { code = '', message, errno = null } = error as NodeJS.ErrnoException & { errno?: number };
    const remedy = remedies[code] === undefined ? '' : ` ${remedies[code]}`;
    return fileObstacle(`The module file ${path} cannot be read: ${message}.${remedy}`, errno);
  }
  if (start.length < SHORTEST)
    return fileObstacle(`The module file ${path} has only ${start.length} bytes and is none.`, null);
  const compression = detectCompression(start);
  if (compression === 'none') return { call: 'finit' };
  if (compression !== readKernelCompression()) return { call: compat ? 'init' : 'finit-unpacked' };
  return {
    call: compat || compression !== 'xz' || isXzOfKernel(start) ? 'finit-compressed' : 'finit-unpacked',
  };
}

function fileObstacle(reason: string, errno: number | null): CallChoice {
  return { call: 'finit', obstacle: { code: 'ERR_KMOD_MODULE_FILE', reason, errno } };
}
