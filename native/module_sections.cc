#include "module_sections.h"

#include <cstring>

namespace kmodctl {

namespace {

constexpr uint64_t kHeaderSize = 64;
constexpr uint64_t kSectionHeaderSize = 64;
constexpr uint64_t kSmallFile = 16 << 10; // read as a whole
constexpr uint64_t kNamesGuess = 2048;    // the names usually end right before the section headers
constexpr uint32_t kNull = 0;
constexpr uint32_t kNoBits = 8;
constexpr uint32_t kFirstReservedSection = 0xff00;

struct NamedRange {
  const char *name;
  FileRange *range; // null: only the reader in TypeScript knows what to make of it
};

bool Is(const uint8_t *name, uint64_t room, const char *wanted) {
  const std::size_t length = std::strlen(wanted) + 1;
  return length <= room && std::memcmp(name, wanted, length) == 0;
}

bool Overlap(const FileRange &one, const FileRange &other) {
  return one.offset < other.offset + other.size && other.offset < one.offset + one.size;
}

} // namespace

uint16_t Load16(const uint8_t *bytes) {
  uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

uint32_t Load32(const uint8_t *bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

uint64_t Load64(const uint8_t *bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

bool IsLittleEndianMachine() {
  const uint8_t bytes[2] = {1, 0};
  return Load16(bytes) == 1;
}

SectionHeader ReadSectionHeader(const ModuleSections &sections, uint32_t index) {
  const uint8_t *header = sections.table + index * kSectionHeaderSize;
  return {Load32(header), Load32(header + 4), Load64(header + 24), Load64(header + 32)};
}

bool FindModuleSections(ModuleParts *parts, ModuleSections *sections) {
  *sections = ModuleSections();
  const uint64_t size = parts->size();
  if (size <= kHeaderSize) return false;
  const uint8_t *header = parts->Get(0, size <= kSmallFile ? size : kHeaderSize);
  if (header == nullptr || std::memcmp(header, "\177ELF\2\1", 6) != 0) return false;
  const uint64_t table = Load64(header + 40);
  const uint32_t count = Load16(header + 60);
  const uint32_t names_index = Load16(header + 62);
  if (Load16(header + 58) != kSectionHeaderSize || names_index == 0 || names_index >= count ||
      names_index >= kFirstReservedSection)
    return false;
  const uint64_t table_size = count * kSectionHeaderSize;
  if (table == 0 || table > size || table_size > size - table) return false;
  const uint64_t before = table < kNamesGuess ? table : kNamesGuess;
  const uint8_t *around = parts->Get(table - before, before + table_size);
  if (around == nullptr) return false;
  sections->table = around + before;
  sections->count = count;

  const SectionHeader names_header = ReadSectionHeader(*sections, names_index);
  if (names_header.type == kNoBits || names_header.size == 0) return false;
  const uint8_t *names = parts->Get(names_header.offset, names_header.size);
  if (names == nullptr || names[names_header.size - 1] != 0) return false;

  const NamedRange wanted[] = {{".modinfo", &sections->modinfo},
                               {".symtab", &sections->symbols},
                               {".strtab", &sections->symbol_names},
                               {"__versions", &sections->versions},
                               {"__ksymtab_strings", &sections->export_names},
                               {"__version_ext_crcs", nullptr},
                               {"__version_ext_names", nullptr}};
  for (uint32_t index = 1; index < count; ++index) {
    const SectionHeader section = ReadSectionHeader(*sections, index);
    const bool has_data = section.type != kNoBits && section.type != kNull && section.size > 0;
    if (has_data) {
      // Reaches out of the file, or lies over the file's own headers.
      if (section.offset > size || section.size > size - section.offset) return false;
      const FileRange range{section.offset, section.size};
      if (section.offset < kHeaderSize || Overlap(range, {table, table_size})) return false;
    }
    if (section.name >= names_header.size) return false;
    const uint8_t *name = names + section.name;
    const uint64_t room = names_header.size - section.name;
    if (*name != '.' && *name != '_') continue;
    for (const NamedRange &candidate : wanted) {
      if (!Is(name, room, candidate.name)) continue;
      // A second one of the name, or one without data.
      if (candidate.range == nullptr || candidate.range->size != 0 || !has_data) return false;
      *candidate.range = {section.offset, section.size};
      break;
    }
  }
  const FileRange *all[] = {&sections->modinfo, &sections->symbols, &sections->symbol_names, &sections->versions,
                            &sections->export_names};
  for (const FileRange *one : all)
    for (const FileRange *other : all)
      if (one != other && one->size > 0 && other->size > 0 && Overlap(*one, *other)) return false;
  return true;
}

} // namespace kmodctl
