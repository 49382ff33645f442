// What all modules of a tree contribute, by module: a view on columns that one or several readers or the cache have made.
#ifndef KMODCTL_TREE_CONTRIBUTIONS_H
#define KMODCTL_TREE_CONTRIBUTIONS_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "contribution_columns.h"
#include "packed_texts.h"
#include "symbol_names.h"

namespace kmodctl {

// Columns as in contribution-columns.ts. A row whose file is kNoFile counts for nothing.
struct ContributionPart {
  Span<uint32_t> rows;
  Span<uint32_t> exports;
  Span<uint32_t> needs;
  Span<uint8_t> texts[kTextKinds];
  PackedTexts names; // of the symbols; parts may share them
};

constexpr uint32_t kNoFile = 0xffffffff;

struct ModuleContribution {
  Span<uint32_t> exports; // numbers in the part's names
  Span<uint32_t> needs;
  const uint8_t *texts[kTextKinds] = {}; // a NUL behind each
  uint32_t text_counts[kTextKinds] = {};
  uint32_t part = 0;
};

class TreeContributions {
public:
  // The parts outlive this. False: they do not fit together, or there is no memory.
  bool Build(const ContributionPart *parts, std::size_t count, std::size_t module_count, uint32_t seed);

  std::size_t module_count() const { return modules_.size(); }
  // All zero for a module that no part has.
  const ModuleContribution &module(std::size_t index) const { return modules_[index]; }

  const PackedTexts &symbols() const { return symbols_; }
  // The number of a module's symbol among all.
  uint32_t Symbol(const ModuleContribution &module, uint32_t symbol) const {
    const Column<uint32_t> &numbers = numbers_[module.part];
    return numbers.size() == 0 ? symbol : numbers[symbol];
  }

private:
  static constexpr std::size_t kMostParts = 128;

  bool AddPart(const ContributionPart &part, uint32_t index);
  bool MergeNames(const ContributionPart *parts, std::size_t count);

  Column<ModuleContribution> modules_;
  Column<uint8_t> is_known_;
  PackedTexts symbols_;
  SymbolNames *merged_ = nullptr;
  Column<uint32_t> numbers_[kMostParts]; // empty where a part's own numbers count

public:
  TreeContributions() = default;
  TreeContributions(const TreeContributions &) = delete;
  TreeContributions &operator=(const TreeContributions &) = delete;
  ~TreeContributions() { delete merged_; }
};

} // namespace kmodctl

#endif
