import type { ElfLayout } from './elf-layout.ts';
import { SHN_ABS, SHN_UNDEF, type SymbolTable } from './elf-symbol-table.ts';

/** What stands for a CRC that the file does not have: the symbol leads out of its section. */
export const NO_SUCH_CRC = 0xffff_ffff;

/**
 * The CRC that a `__crc_` symbol stands for: its own value where it is absolute, as up to Linux 5.18 (or undefined,
 * then 0), otherwise the 32-bit number at its place. 32 bits, unsigned.
 */
export function symbolCrc(layout: ElfLayout, table: SymbolTable, index: number): number {
  const near = table.section(index);
  const value = table.value(index);
  if (near === SHN_ABS || near === SHN_UNDEF) return value % 0x1_0000_0000;
  const section = table.farSection(index);
  const data = section === undefined ? undefined : layout.dataRange(section);
  if (data === undefined || data.start + value + 4 > data.end) return NO_SUCH_CRC;
  return layout.u32(data.start + value);
}
