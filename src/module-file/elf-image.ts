import { KmodError } from '../errors/kmod-error.ts';
import { ElfLayout } from './elf-layout.ts';
import { type ElfSection, hasData, readElfSection } from './elf-section.ts';
import { noSymbolTable, SymbolTable } from './elf-symbol-table.ts';
import { findModuleSections, type ModuleSections } from './module-sections.ts';

export type { ElfSection } from './elf-section.ts';

/**
 * An unpacked module file as ELF: 32 or 64 bits, either byte order, any machine, any number of sections. The content
 * is not trusted.
 */
export class ElfImage {
  readonly bytes: Buffer;
  /** The file that the bytes are from, for messages. */
  readonly path: string;
  readonly is64: boolean;
  readonly littleEndian: boolean;
  /** `e_machine`, for example 62 for x86-64. */
  readonly machine: number;
  /** The same file as plain offsets. */
  readonly layout: ElfLayout;
  /** Where the parts lie that make it a module. */
  readonly parts: ModuleSections;
  #sections: readonly ElfSection[] | undefined;
  #symbolTable: SymbolTable | null | undefined;

  /**
   * @param bytes the whole unpacked file; kept, not copied
   * @param compat takes sections that lie over each other or over the file's headers, as kmod does
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` that names byte offset, field and what was found; its `errno` is kmod's
   *   answer: -8 (ENOEXEC) for what is no ELF file, -22 (EINVAL) for a broken one
   */
  constructor(bytes: Buffer, path: string, compat = false) {
    this.bytes = bytes;
    this.path = path;
    this.layout = new ElfLayout(bytes, path);
    this.is64 = this.layout.is64;
    this.littleEndian = this.layout.littleEndian;
    this.machine = this.layout.machine;
    this.parts = findModuleSections(this.layout, compat);
  }

  /** The section table without its unused entry 0, broken sections with their `problem`. */
  sections(): readonly ElfSection[] {
    this.#sections ??= Array.from({ length: this.layout.sectionCount - 1 }, (_, place) =>
      readElfSection(this.layout, place + 1),
    );
    return this.#sections;
  }

  /** The first section of that name that is sound and has data in the file. */
  section(name: string): ElfSection | undefined {
    const wanted = Buffer.from(`${name}\0`, 'latin1');
    for (let index = 1; index < this.layout.sectionCount; index++) {
      if (!this.layout.hasName(index, wanted)) continue;
      const section = readElfSection(this.layout, index);
      if (hasData(section)) return section;
    }
    return undefined;
  }

  /** The data of a section, not copied; empty for one without data in the file. */
  bytesOf(section: ElfSection): Buffer {
    if (!hasData(section)) return this.bytes.subarray(0, 0);
    return this.bytes.subarray(section.offset, section.offset + section.size);
  }

  /**
   * The symbol table; undefined when the file has none.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
   */
  symbolTable(): SymbolTable | undefined {
    this.#symbolTable ??= SymbolTable.of(this.layout, this.parts) ?? null;
    return this.#symbolTable ?? undefined;
  }

  /** The symbol table; undefined when the file has none that can be read. */
  usableSymbolTable(): SymbolTable | undefined {
    try {
      return this.symbolTable();
    } catch (error) {
      if (error instanceof KmodError) return undefined;
      throw error;
    }
  }

  /**
   * The symbol table.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` also when the file has none
   */
  requireSymbolTable(): SymbolTable {
    const table = this.symbolTable();
    if (table === undefined) throw noSymbolTable(this.layout);
    return table;
  }
}
