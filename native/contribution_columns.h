// What module files contribute to depmod's indexes, in columns: see contribution-columns.ts, which these become.
#ifndef KMODCTL_CONTRIBUTION_COLUMNS_H
#define KMODCTL_CONTRIBUTION_COLUMNS_H

#include <cstddef>
#include <cstdint>

#include "column.h"

namespace kmodctl {

constexpr std::size_t kTextKinds = 3; // alias, softdep, weakdep

// A row: the file's number, how many exports, needs and texts of each kind are its own.
constexpr std::size_t kRowWidth = 3 + kTextKinds;

class ContributionColumns {
public:
  Column<uint32_t> rows;
  Column<uint32_t> exports;
  Column<uint32_t> export_crcs;
  Column<uint32_t> needs;
  Column<uint32_t> need_crcs;
  Column<uint8_t> need_weak;
  Column<uint8_t> texts[kTextKinds]; // each text with a NUL behind

  // Forgets what was added since the last Commit().
  void Begin();
  // False without memory, as all that follow.
  bool Commit(uint32_t file);
  bool AddText(std::size_t kind, const uint8_t *text, std::size_t length);
  bool AddExport(uint32_t symbol, uint32_t crc);
  bool AddNeed(uint32_t symbol, uint32_t crc, uint8_t weak);
  // Of the module that is being added.
  std::size_t export_count() const { return exports.size() - exports_before_; }

private:
  std::size_t exports_before_ = 0;
  std::size_t needs_before_ = 0;
  std::size_t texts_before_[kTextKinds] = {};
  uint32_t text_counts_[kTextKinds] = {};
};

} // namespace kmodctl

#endif
