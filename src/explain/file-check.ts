import { shellWord } from '../errors/shell-word.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { kernelCompression } from '../kernel/module-state.ts';
import { detectCompression, isXzOfKernel } from '../native/compression-magic.ts';
import type { FindingList } from './finding-list.ts';
import { type Inquiry, readFile, readTellingParts, unpackBytes } from './inquiry.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';

/** A module file's bytes. */
export interface ModuleBytes {
  /** As on the disk. */
  readonly packed: Buffer;
  readonly unpacked: Buffer;
}

/** What a module's file belongs to. */
export interface FilePlace {
  readonly tree: ModuleTree;
  readonly kernel: KernelLocation;
  /** Whether its code and data are wanted too. */
  readonly isWhole: boolean;
}

const LARGEST_IMAGE = 2 ** 31 - 1;
const ELF_HEADER = 64;

/** Reads a module's file, with findings on what keeps it from being read. Undefined when there is no content to look at. */
export function* checkFile(
  list: FindingList,
  path: string,
  { tree, kernel, isWhole }: FilePlace,
): Inquiry<ModuleBytes | undefined> {
  let packed: Buffer;
  try {
    packed = yield* isWhole ? readFile(path) : readTellingParts(path);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    addUnreadable(list, path, { error, tree });
    return undefined;
  }
  if (packed.length === 0) {
    list.add('file-empty', {
      text: `The file ${path} is empty.`,
      errno: 'EINVAL',
      evidence: [['0 bytes', path]],
      remedies: ['Install the package that the file belongs to again.'],
    });
    return undefined;
  }
  const compression = detectCompression(packed);
  if (compression === 'none') {
    list.check('file', 'ok', `${packed.length} bytes`);
    return { packed, unpacked: packed };
  }
  let unpacked: Buffer;
  try {
    unpacked = yield* unpackBytes(packed, path);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    if (error.code === 'ERR_KMOD_COMPRESSION_LIBRARY') {
      list.check('file', 'unknown', error.message);
      return undefined;
    }
    const isLarge = error.code === 'ERR_KMOD_TOO_LARGE';
    list.add(isLarge ? 'file-too-large' : 'compressed-data', {
      text: error.message,
      // That limit is not the kernel's.
      confidence: isLarge ? 'possible' : 'certain',
      evidence: [[error.message, path]],
      remedies: isLarge ? [] : ['Install the package that the file belongs to again.'],
    });
    return undefined;
  }
  noteCompression(list, path, { packed, compression, kernel });
  list.check('file', 'ok', `${packed.length} bytes, ${compression}, ${unpacked.length} unpacked`);
  return { packed, unpacked };
}

// This package unpacks what the kernel cannot; kmod 34 gives any xz file to a kernel that says it can.
function noteCompression(
  list: FindingList,
  path: string,
  { packed, compression, kernel }: { packed: Buffer; compression: string; kernel: KernelLocation },
): void {
  if (compression !== 'xz' || isXzOfKernel(packed) || compressionOfKernel(kernel) !== 'xz') return;
  list.add('compression-check', {
    text: `${path} has an xz check (CRC64) that the kernel does not know: kmodctl unpacks the file itself, kmod fails with it.`,
    refused: false,
    evidence: [[`check ${(packed[7] ?? 0) & 15} in the header`, path]],
    remedies: [`xz -d -k -c ${shellWord(path)} | xz --check=crc32 > new.ko.xz`],
  });
}

function compressionOfKernel(kernel: KernelLocation): string | undefined {
  try {
    return kernelCompression(kernel);
  } catch {
    return undefined;
  }
}

function addUnreadable(
  list: FindingList,
  path: string,
  { error, tree }: { readonly error: KmodError; readonly tree: ModuleTree },
): void {
  const source = path;
  if (error.code === 'ERR_KMOD_TOO_LARGE') {
    const isHuge = Number(/has (\d+) bytes/.exec(error.message)?.[1] ?? 0) > LARGEST_IMAGE;
    list.add('file-too-large', {
      text: error.message,
      confidence: isHuge ? 'certain' : 'possible',
      ...(isHuge && { errno: 'EFBIG' }),
      evidence: [[error.message, source]],
    });
  } else if (error.errno === -2)
    list.add('file-missing', {
      text: `The file ${path} does not exist.`,
      evidence: [['No such file or directory', source]],
      remedies: [
        ...(path.startsWith(`${tree.directory}/`) ? [tree.depmodCommand()] : []),
        'Install the package that the file belongs to again.',
      ],
    });
  else if (error.message.includes('not a regular file'))
    list.add('file-not-regular', {
      text: error.message,
      errno: 'EINVAL',
      evidence: [[error.message, source]],
    });
  else
    list.add('file-unreadable', {
      text: error.message,
      evidence: [[error.message, source]],
      remedies: [`ls -l ${shellWord(path)}`, 'dmesg'],
    });
}

/** Whether what was read is too short for anything, with a finding. */
export function isTooShort(list: FindingList, path: string, bytes: Buffer): boolean {
  if (bytes.length > ELF_HEADER) return false;
  list.add('file-truncated', {
    text: `The file ${path} has only ${bytes.length} bytes: it is no module, or a part of one.`,
    errno: 'ENOEXEC',
    evidence: [[`${bytes.length} bytes`, path]],
    remedies: ['Install or build the module again.'],
  });
  return true;
}
