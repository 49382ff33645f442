import { KmodError } from '../errors/kmod-error.ts';
import { ElfLayout } from './elf-layout.ts';

const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/** A sequence that begins with the identifier of signed data, behind its length of one to five bytes. */
const SEQUENCE = 0x30;
const SIGNED_DATA = Buffer.from([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
/** As much of that as has to be there. */
const SHORTEST = 8;

/**
 * Finds the beginning of a signature behind the last section of a module whose end is missing. Answers what is wrong,
 * undefined when nothing is.
 *
 * @param bytes the whole file; another part of one gives no answer
 */
export function findSignatureRemnant(bytes: Buffer): string | undefined {
  if (!bytes.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC)) return undefined;
  const end = endOfElf(bytes);
  if (end === undefined || bytes.length - end < SHORTEST || bytes[end] !== SEQUENCE) return undefined;
  const length = bytes[end + 1] ?? 0;
  const identifierAt = end + 2 + (length > 0x80 ? length - 0x80 : 0);
  const found = bytes.subarray(identifierAt, identifierAt + SIGNED_DATA.length);
  if (found.length < 2 || !found.equals(SIGNED_DATA.subarray(0, found.length))) return undefined;
  return `the file is cut: a signature begins at byte ${end}, and ${bytes.length - end} bytes later the file ends`;
}

function endOfElf(bytes: Buffer): number | undefined {
  try {
    const layout = new ElfLayout(bytes, '');
    let end = layout.headerOffset(layout.sectionCount);
    // Linkers put the table last: then there is no room for more, wherever the sections are.
    if (bytes.length - end < SHORTEST) return end;
    for (let index = 1; index < layout.sectionCount; index++)
      end = Math.max(end, layout.dataRange(index)?.end ?? 0);
    return end;
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
}
