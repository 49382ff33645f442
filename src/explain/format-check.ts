import { shellWord } from '../errors/shell-word.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { ElfImage } from '../module-file/elf-image.ts';
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE } from '../module-file/elf-layout.ts';
import { machineName } from '../module-file/elf-machine.ts';
import { readElfSection } from '../module-file/elf-section.ts';
import { isTooShort } from './file-check.ts';
import type { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { MODULE_STRUCTURE, type ReferenceModule, structureSize } from './reference-module.ts';
import { isAtLeast } from './release-number.ts';

const ELF_MAGIC = 0x7f45_4c46;
const RELOCATABLE = 1;
const rebuild = ['Install or build the module again.'];

/** What format checks compare with. */
export interface FormatPlace {
  readonly path: string;
  readonly release: string;
  readonly reference: ReferenceModule | undefined;
  /** Whether every relocation is looked at. */
  readonly isThorough: boolean;
}

/** Looks at a module as ELF, in the kernel's order. Undefined when it cannot be read as such. */
export function* checkFormat(
  list: FindingList,
  bytes: Buffer,
  place: FormatPlace,
): Inquiry<ElfImage | undefined> {
  const { path } = place;
  if (isTooShort(list, path, bytes)) return undefined;
  if (bytes.readUInt32BE(0) !== ELF_MAGIC) {
    list.add('not-elf', {
      text: `The file ${path} is no ELF file.`,
      errno: 'ENOEXEC',
      evidence: [[`begins with the bytes ${bytes.toString('hex', 0, 4)}`, path]],
      remedies: [`file ${shellWord(path)}`, ...rebuild],
    });
    return undefined;
  }
  if (isOfOtherType(list, bytes, place)) return undefined;
  let image: ElfImage;
  try {
    image = new ElfImage(bytes, path);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    addDamage(list, path, error);
    return undefined;
  }
  if (!checkSections(list, image, place)) return undefined;
  list.check('format', 'ok', `ELF, ${machineName(image.machine) ?? image.machine}`);
  if (place.isThorough) yield* checkRelocations(list, image);
  return image;
}

// Both can be told from the header alone, whatever else is wrong with the file.
function isOfOtherType(list: FindingList, bytes: Buffer, { path, reference }: FormatPlace): boolean {
  const isLittle = bytes[5] !== 2;
  const word = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  if (word(16) !== RELOCATABLE) {
    list.add('not-relocatable', {
      text: `The file ${path} is an ELF file of type ${word(16)}, and modules are of type ${RELOCATABLE}.`,
      errno: 'ENOEXEC',
      evidence: [[`e_type is ${word(16)}`, `${path}, ELF header`]],
      remedies: [`file ${shellWord(path)}`],
    });
    return true;
  }
  if (reference === undefined || (word(18) === reference.machine && (bytes[4] === 2) === reference.is64))
    return false;
  list.add('wrong-machine', {
    text: `The module is for ${nameOf(word(18))}, the kernel runs on ${nameOf(reference.machine)}.`,
    errno: 'ENOEXEC',
    evidence: [
      [`e_machine is ${word(18)}, ${bytes[4] === 2 ? 64 : 32} bits`, `${path}, ELF header`],
      [
        `e_machine is ${reference.machine}, ${reference.is64 ? 64 : 32} bits`,
        `${reference.path}, ELF header`,
      ],
    ],
    remedies: ['uname -m', `Build the module for ${nameOf(reference.machine)}.`],
  });
  return true;
}

function nameOf(machine: number): string {
  return machineName(machine) ?? `machine ${machine}`;
}

function addDamage(list: FindingList, path: string, error: KmodError): void {
  const isCut = /behind (?:the|its) end|is cut off|outside of the file/.test(error.message);
  list.add(isCut ? 'file-truncated' : 'elf-damaged', {
    text: isCut ? `The file ${path} is cut off: ${error.message}` : error.message,
    // Not all that is refused here is refused by every kernel.
    confidence: isCut ? 'certain' : 'likely',
    errno: 'ENOEXEC',
    evidence: [[error.message, path]],
    remedies: rebuild,
  });
}

const WRITABLE_CODE = SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR;

function checkSections(
  list: FindingList,
  image: ElfImage,
  { path, release, reference }: FormatPlace,
): boolean {
  if (image.parts.symbols === undefined) {
    list.add('stripped', {
      text: 'The module has no symbol table: it was stripped, and modules need theirs.',
      errno: 'ENOEXEC',
      evidence: [['no section .symtab', path]],
      remedies: ['Build the module again; strip it with `strip --strip-debug` only.'],
    });
    return false;
  }
  const size = structureSize(image);
  if (size === null) {
    list.add('no-module-structure', {
      text: `The file has no section ${MODULE_STRUCTURE}: it is an object file, not a finished module.`,
      errno: 'ENOEXEC',
      evidence: [[`no section ${MODULE_STRUCTURE}`, path]],
      remedies: ['Load the .ko file that the kernel build (modpost) makes, not the .o file.'],
    });
    return false;
  }
  const wanted = reference?.structureSize ?? null;
  if (wanted !== null && reference !== undefined && size !== wanted) {
    const isChecked = isAtLeast(release, 6, 4);
    list.add('module-structure-size', {
      text: `struct module has ${size} bytes in the module and ${wanted} in the kernel: it was built for another version or configuration.`,
      confidence: isChecked ? 'certain' : 'likely',
      errno: 'ENOEXEC',
      evidence: [
        [`${size} bytes`, `${path}, section ${MODULE_STRUCTURE}`],
        [`${wanted} bytes`, `${reference.path}, section ${MODULE_STRUCTURE}`],
      ],
      remedies: [`Build the module with the headers of ${release}.`],
    });
  }
  for (const { name, flags } of image.sections()) {
    if ((flags & WRITABLE_CODE) !== WRITABLE_CODE) continue;
    list.add('section-flags', {
      text: `The section ${name} is both writable and executable.`,
      confidence: 'likely',
      errno: 'ENOEXEC',
      evidence: [[`sh_flags is 0x${flags.toString(16)}`, `${path}, section ${name}`]],
      remedies: rebuild,
    });
    break;
  }
  return true;
}

const X86_64 = 62;
const [RELA, RELA_SIZE] = [4, 24];
/** R_X86_64_NONE, 64, PC32, PLT32, 32, 32S, PC64: what the x86 loader knows. */
const knownTypes = new Set([0, 1, 2, 4, 10, 11, 24]);
const ENTRIES_BETWEEN_PAUSES = 20_000;

function* checkRelocations(list: FindingList, image: ElfImage): Inquiry<void> {
  const { layout } = image;
  if (image.machine !== X86_64 || !image.littleEndian) return;
  let count = 0;
  for (let index = 1; index < layout.sectionCount; index++) {
    if (layout.type(index) !== RELA) continue;
    const section = readElfSection(layout, index);
    const target = section.info < layout.sectionCount ? readElfSection(layout, section.info) : undefined;
    if (target === undefined || (target.flags & SHF_ALLOC) === 0 || section.problem !== null) continue;
    const end = section.offset + section.size;
    for (let at = section.offset; at + RELA_SIZE <= end; at += RELA_SIZE) {
      if (++count % ENTRIES_BETWEEN_PAUSES === 0) yield { kind: 'pause' };
      const type = layout.u32(at + 8);
      if (knownTypes.has(type)) continue;
      list.add('relocation', {
        text: `The module has a relocation of type ${type}, which the kernel does not know.`,
        errno: 'ENOEXEC',
        evidence: [[`type ${type} at byte ${at}`, `${image.path}, section ${section.name}`]],
        remedies: ['Build the module with the compiler and flags of the kernel.'],
      });
      return;
    }
  }
}
