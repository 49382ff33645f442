// Reads what depmod wants out of module files of the usual form; all others are for the reader in TypeScript. Where both
// read a file they find the same: test/depmod and test/fuzz compare them. No JavaScript and no decision in here.
#ifndef KMODCTL_CONTRIBUTION_READER_H
#define KMODCTL_CONTRIBUTION_READER_H

#include <cstdint>

#include "column.h"
#include "contribution_columns.h"
#include "module_parts.h"
#include "module_sections.h"
#include "symbol_names.h"

namespace kmodctl {

// One thread at a time; no ties to a thread.
class ContributionReader {
public:
  // `compat`: without CRCs all strings of __ksymtab_strings count as exported symbols, as with kmod.
  ContributionReader(uint32_t seed, bool compat) : names_(seed), compat_(compat) {}

  // Adds a module. False: it was not added, because it is unusual, cannot be read, or there is no memory.
  bool ReadFile(int fd, uint64_t size, uint32_t file);
  bool ReadImage(const uint8_t *image, std::size_t size, uint32_t file);

  // The number of a name; false without memory.
  bool Intern(const uint8_t *name, std::size_t length, uint32_t *symbol);

  const ContributionColumns &columns() const { return columns_; }
  const SymbolNames &names() const { return names_; }

private:
  bool Read(uint32_t file);
  bool ReadModinfo();
  bool ReadVersions();
  bool ReadSymbols();
  bool ReadExportNames();
  bool AddNeed(const uint8_t *name, std::size_t length, uint8_t weak);
  bool AddExport(const uint8_t *name, std::size_t length, const uint8_t *symbol);

  // What the present module has said of a symbol: the marks are valid where they have its number.
  struct Marks {
    uint32_t versioned;
    uint32_t needed;
    uint32_t crc;
  };

  SymbolNames names_;
  const bool compat_;
  ContributionColumns columns_;
  ModuleParts parts_;
  ModuleSections sections_;
  Column<Marks> marks_; // by symbol
  Column<uint32_t> versions_;
  uint32_t module_ = 0;
  uint32_t entry_count_ = 0; // of the export table
};

} // namespace kmodctl

#endif
