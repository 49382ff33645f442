import { VmError } from '../vm-error.ts';

/** How the kernel proper is stored in an image file. */
type ImageCompression = 'none' | 'gzip' | 'xz' | 'zstd';

/** Where in an image file the kernel proper is. */
export interface KernelPayload {
  readonly offset: number;
  readonly length: number;
  readonly compression: ImageCompression;
}

/**
 * Finds the kernel proper (an ELF file on x86, an `Image` on arm64) in what a boot loader takes: a bzImage, a kernel
 * compressed as a whole, or one that is not compressed at all.
 *
 * Layouts: Linux' Documentation/arch/x86/boot.rst (setup header at 0x1f1), Documentation/arch/arm64/booting.rst
 * and drivers/firmware/efi/libstub/zboot-header.S.
 *
 * @param path named in errors
 * @throws VmError `ERR_KMOD_VM_KERNEL` if the image is cut off or of no known form
 */
export function findKernelPayload(image: Buffer, path: string): KernelPayload {
  if (startsWith(image, 0, '\x7fELF') || isArm64Image(image))
    return { offset: 0, length: image.length, compression: 'none' };
  if (startsWith(image, 0, '\x1f\x8b')) return { offset: 0, length: image.length, compression: 'gzip' };
  if (startsWith(image, 0x202, 'HdrS')) return bzImagePayload(image, path);
  if (startsWith(image, 0, 'MZ') && startsWith(image, 4, 'zimg')) return efiPayload(image, path);
  throw imageError(path, 'it is neither a bzImage nor an ELF file nor an arm64 Image');
}

/** The release that a bzImage carries in its header, undefined for images without one. */
export function imageRelease(image: Buffer): string | undefined {
  if (!startsWith(image, 0x202, 'HdrS') || image.length < 0x210) return undefined;
  const pointer = image.readUInt16LE(0x20e);
  if (pointer === 0) return undefined;
  const text = image.toString('latin1', pointer + 0x200, pointer + 0x200 + 256);
  return /^[^\s\0]+/.exec(text)?.[0];
}

/** Whether the first bytes are those of an ELF file. */
export function isElf(image: Buffer): boolean {
  return startsWith(image, 0, '\x7fELF');
}

/** Whether this is an uncompressed arm64 kernel. */
export function isArm64Image(image: Buffer): boolean {
  return startsWith(image, 56, 'ARM\x64');
}

function bzImagePayload(image: Buffer, path: string): KernelPayload {
  if (image.length < 0x250) throw imageError(path, 'it ends within the setup header');
  const version = image.readUInt16LE(0x206);
  if (version < 0x208)
    throw imageError(path, `its boot protocol ${version.toString(16)} has no payload field`);
  // 0 setup sectors mean 4, by a rule from the days of LILO; the boot sector comes on top.
  const setupSectors = image.readUInt8(0x1f1) || 4;
  const offset = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  const length = image.readUInt32LE(0x24c);
  return checkedPayload(image, path, offset, length);
}

function efiPayload(image: Buffer, path: string): KernelPayload {
  if (image.length < 0x40) throw imageError(path, 'it ends within the header');
  return checkedPayload(image, path, image.readUInt32LE(8), image.readUInt32LE(12));
}

function checkedPayload(image: Buffer, path: string, offset: number, length: number): KernelPayload {
  if (length < 16 || offset + length > image.length)
    throw imageError(path, `it is cut off: ${image.length} bytes, the header tells of ${offset + length}`);
  const compression = compressionAt(image, offset);
  if (compression === undefined) {
    const magic = image.toString('hex', offset, offset + 4);
    throw imageError(path, `its compression is not known (magic ${magic}); known are gzip, xz and zstd`);
  }
  return { offset, length, compression };
}

function compressionAt(image: Buffer, offset: number): ImageCompression | undefined {
  if (startsWith(image, offset, '\x1f\x8b')) return 'gzip';
  if (startsWith(image, offset, '\xfd7zXZ\0')) return 'xz';
  if (startsWith(image, offset, '\x28\xb5\x2f\xfd')) return 'zstd';
  if (startsWith(image, offset, '\x7fELF')) return 'none';
  return undefined;
}

function startsWith(image: Buffer, offset: number, magic: string): boolean {
  return image.toString('latin1', offset, offset + magic.length) === magic;
}

/** A kernel image that cannot be used, and why. */
export function imageError(path: string, reason: string, cause?: unknown): VmError {
  return new VmError('ERR_KMOD_VM_KERNEL', `${path} cannot be used as a kernel: ${reason}.`, { cause });
}
