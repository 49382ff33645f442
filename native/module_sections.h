// Finds the sections that depmod reads in module files of the usual form.
#ifndef KMODCTL_MODULE_SECTIONS_H
#define KMODCTL_MODULE_SECTIONS_H

#include <cstddef>
#include <cstdint>

#include "module_parts.h"

namespace kmodctl {

// A part of the file; size 0 for a section that is not there.
struct FileRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct ModuleSections {
  FileRange modinfo;
  FileRange symbols;
  FileRange symbol_names;
  FileRange versions;
  FileRange export_names;
  const uint8_t *table = nullptr; // section headers, 64 bytes each
  uint32_t count = 0;
};

// The header of a section, which must be below `sections.count`.
struct SectionHeader {
  uint32_t name;
  uint32_t type;
  uint64_t offset;
  uint64_t size;
};
SectionHeader ReadSectionHeader(const ModuleSections &sections, uint32_t index);

// False where the file is not ELF of 64 bits and this machine's (little-endian) byte order, where anything in its
// headers is unusual, or where it cannot be read: that is for the reader in TypeScript to look at and to explain.
bool FindModuleSections(ModuleParts *parts, ModuleSections *sections);

// This machine's byte order is that of the files that can be read here.
bool IsLittleEndianMachine();

// Numbers at any place.
uint16_t Load16(const uint8_t *bytes);
uint32_t Load32(const uint8_t *bytes);
uint64_t Load64(const uint8_t *bytes);

} // namespace kmodctl

#endif
