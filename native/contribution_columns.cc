#include "contribution_columns.h"

namespace kmodctl {

void ContributionColumns::Begin() {
  exports.Shrink(exports_before_);
  export_crcs.Shrink(exports_before_);
  needs.Shrink(needs_before_);
  need_crcs.Shrink(needs_before_);
  need_weak.Shrink(needs_before_);
  for (std::size_t kind = 0; kind < kTextKinds; ++kind) {
    texts[kind].Shrink(texts_before_[kind]);
    text_counts_[kind] = 0;
  }
}

bool ContributionColumns::Commit(uint32_t file) {
  uint32_t row[kRowWidth] = {file, static_cast<uint32_t>(exports.size() - exports_before_),
                             static_cast<uint32_t>(needs.size() - needs_before_)};
  for (std::size_t kind = 0; kind < kTextKinds; ++kind) row[3 + kind] = text_counts_[kind];
  if (!rows.Add(row, kRowWidth)) return false;
  exports_before_ = exports.size();
  needs_before_ = needs.size();
  for (std::size_t kind = 0; kind < kTextKinds; ++kind) texts_before_[kind] = texts[kind].size();
  return true;
}

bool ContributionColumns::AddText(std::size_t kind, const uint8_t *text, std::size_t length) {
  ++text_counts_[kind];
  return texts[kind].Add(text, length) && texts[kind].Add(0);
}

bool ContributionColumns::AddExport(uint32_t symbol, uint32_t crc) {
  return exports.Add(symbol) && export_crcs.Add(crc);
}

bool ContributionColumns::AddNeed(uint32_t symbol, uint32_t crc, uint8_t weak) {
  return needs.Add(symbol) && need_crcs.Add(crc) && need_weak.Add(weak);
}

} // namespace kmodctl
