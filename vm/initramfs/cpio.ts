import { Buffer } from 'node:buffer';

/** One entry of an archive, without its contents. */
export interface CpioHeader {
  /** Path without a leading slash. */
  readonly path: string;
  /** Type and permissions as in `st_mode`. */
  readonly mode: number;
  /** Length of the contents in bytes: a file's data, a link's target. */
  readonly size: number;
  /** Inode number: any, as long as no two entries share it. */
  readonly inode: number;
  /** Number of a device node. Default 0, 0. */
  readonly device?: readonly [major: number, minor: number] | undefined;
}

const HEADER_LENGTH = 110;

/** What a header field of eight hexadecimal digits can hold. */
const LARGEST_FIELD = 0xffff_ffff;

/**
 * Encodes the header of an entry in the "newc" form of cpio, the one that Linux unpacks into its first root file
 * system (Documentation/driver-api/early-userspace/buffer-format.rst). Owner is root and all times are 0, so that
 * the same contents always make the same bytes. The contents follow, padded by {@link cpioPadding}.
 */
export function cpioHeader({ path, mode, size, inode, device }: CpioHeader): Buffer {
  if (size > LARGEST_FIELD) throw new RangeError(`${path} is too large for a cpio archive: ${size} bytes`);
  const name = Buffer.from(`${path}\0`);
  const [major, minor] = device ?? [0, 0];
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([Buffer.from(text), name, Buffer.alloc(cpioPadding(HEADER_LENGTH + name.length))]);
}

/** The entry that ends an archive. Several archives may follow one another in one file. */
export function cpioTrailer(): Buffer {
  return cpioHeader({ path: 'TRAILER!!!', mode: 0, size: 0, inode: 0 });
}

/** Number of zero bytes that bring `length` to a multiple of four. */
export function cpioPadding(length: number): number {
  return (4 - (length % 4)) % 4;
}
