import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { filePath } from '../native/byte-text.ts';
import { detectCompression, unpackModule, unpackModuleSync } from './compression.ts';
import { ElfImage } from './elf-image.ts';
import { type ModinfoEntry, parseModinfo } from './modinfo-section.ts';
import { ModinfoWindow } from './modinfo-window.ts';
import { type ModuleSignature, readSignature } from './module-signature.ts';
import { readTrailer } from './signature-trailer.ts';

/** What a module file says of itself. */
export interface ModinfoOfFile {
  /** Entries of `.modinfo` in the file's order, one character for each byte. */
  readonly entries: readonly ModinfoEntry[];
  /** Undefined where there is no file that could have one. */
  readonly signature: ModuleSignature | undefined;
  /** The linker's build id in lower-case hexadecimal digits. */
  readonly buildId: string | undefined;
}

/** The largest file that is read, in bytes; what is packed may unpack to as much. */
const LARGEST_FILE = 512 * 2 ** 20;
/** Shorter files have no room for the mark of any format. */
const SHORTEST_FILE = 6;
const GNU_BUILD_ID = 3;
const [EINVAL, ENODATA] = [-22, -61];

/** Reads what modules say of themselves, file after file. Keeps some memory from one to the next. */
export class ModinfoReader {
  readonly #window = new ModinfoWindow();

  /**
   * Reads a file: of a plain one the parts that matter, of a compressed one all, which is unpacked off the main thread.
   *
   * @returns a promise for compressed files only
   * @throws KmodError, also as a rejection: `ERR_KMOD_MODULE_FILE` when it cannot be read, `ERR_KMOD_MODULE_CORRUPT`,
   *   `ERR_KMOD_COMPRESSED_DATA`, `ERR_KMOD_COMPRESSION_LIBRARY`, `ERR_KMOD_TOO_LARGE`. `errno` is what kmod has for it
   */
  read(path: string): ModinfoOfFile | Promise<ModinfoOfFile> {
    const read = this.#readFile(path);
    return Buffer.isBuffer(read) ? unpackLater(read, path) : read;
  }

  /** {@link read}, blocking for compressed files too. */
  readSync(path: string): ModinfoOfFile {
    const read = this.#readFile(path);
    if (!Buffer.isBuffer(read)) return read;
    return modinfoOfImage(unpackModuleSync(read, { path, limit: LARGEST_FILE }), path);
  }

  /** The bytes of a compressed file, the answer for a plain one. */
  #readFile(path: string): ModinfoOfFile | Buffer {
    const { descriptor, size } = openModule(path);
    try {
      const head = this.#window.head(descriptor);
      if (head.length < SHORTEST_FILE) throw tooShort(path, head.length);
      const isPlain = detectCompression(head) === 'none';
      const found = isPlain ? this.#readParts(descriptor, head, size) : undefined;
      if (found !== undefined) return found;
      const bytes = readFileSync(descriptor);
      return isPlain ? modinfoOfImage(bytes, path) : bytes;
    } catch (error) {
      throw error instanceof KmodError ? error : fileError(path, error);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The answer for a file in its usual form, undefined for another. */
  #readParts(descriptor: number, head: Buffer, size: number): ModinfoOfFile | undefined {
    const parts = this.#window.parts(descriptor, head, size);
    if (parts === undefined) return undefined;
    const trailer = readTrailer(parts.end);
    // More may be to be said of it with the whole file: of a signature that is none, or of bytes that are no whole one.
    if (trailer === undefined ? parts.end.length > 0 : 'problem' in trailer) return undefined;
    // A copy, because the window's memory is the next file's.
    const end = Buffer.from(parts.end);
    const buildId = buildIdOfNote(parts.buildIdNote, true);
    return new FoundModinfo(parseModinfo(parts.modinfo), { end, readBuildId: () => buildId });
  }
}

/** Takes signature and build id apart when they are asked for: most questions are about neither. */
class FoundModinfo implements ModinfoOfFile {
  readonly entries: readonly ModinfoEntry[];
  readonly #end: Buffer;
  readonly #readBuildId: () => string | undefined;
  #signature: ModuleSignature | undefined;

  constructor(
    entries: readonly ModinfoEntry[],
    file: { readonly end: Buffer; readonly readBuildId: () => string | undefined },
  ) {
    this.entries = entries;
    this.#end = file.end;
    this.#readBuildId = file.readBuildId;
  }

  get signature(): ModuleSignature {
    return (this.#signature ??= readSignature(this.#end));
  }

  get buildId(): string | undefined {
    return this.#readBuildId();
  }
}

/**
 * What an unpacked module says of itself.
 *
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function modinfoOfImage(bytes: Buffer, path: string): ModinfoOfFile {
  const image = new ElfImage(bytes, path);
  const range = image.parts.modinfo;
  if (range === undefined)
    throw new KmodError(
      'ERR_KMOD_MODULE_CORRUPT',
      `The file ${path} is an ELF file without a .modinfo section, so it is no kernel module (or strip has spoilt it).`,
      { path, errno: ENODATA },
    );
  const readBuildId = (): string | undefined => {
    const note = image.section('.note.gnu.build-id');
    return note === undefined ? undefined : buildIdOfNote(image.bytesOf(note), image.littleEndian);
  };
  return new FoundModinfo(parseModinfo(bytes.subarray(range.start, range.end)), { end: bytes, readBuildId });
}

async function unpackLater(bytes: Buffer, path: string): Promise<ModinfoOfFile> {
  return modinfoOfImage(await unpackModule(bytes, { path, limit: LARGEST_FILE }), path);
}

/** The note: sizes of name and content, type, the name `GNU`, the id. */
function buildIdOfNote(note: Buffer, littleEndian: boolean): string | undefined {
  const word = (offset: number): number =>
    littleEndian ? note.readUInt32LE(offset) : note.readUInt32BE(offset);
  if (note.length < 16 || word(0) !== 4 || word(8) !== GNU_BUILD_ID) return undefined;
  if (note.toString('latin1', 12, 16) !== 'GNU\0') return undefined;
  const id = note.subarray(16, 16 + word(4));
  return id.length === word(4) && id.length > 0 ? id.toString('hex') : undefined;
}

function openModule(path: string): { descriptor: number; size: number } {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
    descriptor = openSync(filePath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw fileError(path, error);
  }
  const status = fstatSync(descriptor);
  if (status.isFile() && status.size <= LARGEST_FILE) return { descriptor, size: status.size };
  closeSync(descriptor);
  throw status.isFile()
    ? new KmodError(
        'ERR_KMOD_TOO_LARGE',
        `The module file ${path} has ${status.size} bytes, more than the limit of ${LARGEST_FILE}.`,
        { path },
      )
    : new KmodError('ERR_KMOD_MODULE_FILE', `${path} is not a regular file, so it is no module.`, {
        path,
        errno: EINVAL,
      });
}

function tooShort(path: string, length: number): KmodError {
  return new KmodError(
    'ERR_KMOD_MODULE_FILE',
    `The file ${path} has only ${length} bytes and is no module.`,
    {
      path,
      errno: EINVAL,
    },
  );
}

function fileError(path: string, cause: unknown): KmodError {
  const { message, errno, syscall } = cause as NodeJS.ErrnoException;
  return new KmodError('ERR_KMOD_MODULE_FILE', `The module file ${path} cannot be read: ${message}`, {
    path,
    cause,
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
  });
}
