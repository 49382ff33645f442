#include "tree_contributions.h"

#include <new>

namespace kmodctl {

namespace {

constexpr std::size_t kRowExports = 1;
constexpr std::size_t kRowNeeds = 2;
constexpr std::size_t kRowTexts = 3;

// Hands out the next elements of an array, if there are so many.
template <typename T> class Taker {
public:
  explicit Taker(const Span<T> &all) : next_(all.data), left_(all.size) {}

  bool Take(std::size_t count, Span<T> *taken) {
    if (count > left_) return false;
    *taken = {next_, count};
    next_ += count;
    left_ -= count;
    return true;
  }

  // The same for texts that end with a NUL.
  bool TakeTexts(std::size_t count, const uint8_t **first) {
    *first = next_;
    for (; count > 0; --count) {
      if (left_ == 0) return false;
      const auto *nul = static_cast<const uint8_t *>(std::memchr(next_, 0, left_));
      if (nul == nullptr) return false;
      left_ -= static_cast<std::size_t>(nul + 1 - next_);
      next_ = nul + 1;
    }
    return true;
  }

  bool is_empty() const { return left_ == 0; }

private:
  const T *next_;
  std::size_t left_;
};

bool AreBelow(const Span<uint32_t> &numbers, std::size_t limit) {
  uint32_t most = 0;
  for (std::size_t index = 0; index < numbers.size; ++index)
    most = numbers.data[index] > most ? numbers.data[index] : most;
  return numbers.size == 0 || most < limit;
}

// The same memory, and all of it: of names in the same place there may be fewer.
bool AreSame(const PackedTexts &names, const PackedTexts &others) {
  return names.ends == others.ends && names.bytes == others.bytes && names.count == others.count;
}

} // namespace

bool TreeContributions::Build(const ContributionPart *parts, std::size_t count, std::size_t module_count,
                              uint32_t seed) {
  if (count > kMostParts || !modules_.Reserve(module_count) || !is_known_.Resize(module_count)) return false;
  for (std::size_t index = 0; index < module_count; ++index) modules_.Add(ModuleContribution{});
  merged_ = new (std::nothrow) SymbolNames(seed);
  if (merged_ == nullptr || !MergeNames(parts, count)) return false;
  for (std::size_t index = 0; index < count; ++index)
    if (!AddPart(parts[index], static_cast<uint32_t>(index))) return false;
  return true;
}

// Parts with the same names, which is the usual case, need no common ones.
bool TreeContributions::MergeNames(const ContributionPart *parts, std::size_t count) {
  bool shared = true;
  for (std::size_t index = 1; index < count; ++index) shared = shared && AreSame(parts[index].names, parts[0].names);
  if (shared) {
    if (count > 0) symbols_ = parts[0].names;
    return true;
  }
  for (std::size_t index = 0; index < count; ++index) {
    const PackedTexts &names = parts[index].names;
    Column<uint32_t> &numbers = numbers_[index];
    if (!numbers.Resize(names.count)) return false;
    for (std::size_t number = 0; number < names.count; ++number)
      if (!merged_->Intern(names[number].bytes, names[number].length, &numbers[number])) return false;
  }
  symbols_ = {merged_->bytes().data(), merged_->ends().data(), merged_->size()};
  return true;
}

bool TreeContributions::AddPart(const ContributionPart &part, uint32_t index) {
  if (!AreBelow(part.exports, part.names.count) || !AreBelow(part.needs, part.names.count)) return false;
  Taker<uint32_t> rows(part.rows), exports(part.exports), needs(part.needs);
  Taker<uint8_t> texts[kTextKinds] = {Taker<uint8_t>(part.texts[0]), Taker<uint8_t>(part.texts[1]),
                                      Taker<uint8_t>(part.texts[2])};
  Span<uint32_t> row;
  while (!rows.is_empty()) {
    ModuleContribution module;
    module.part = index;
    if (!rows.Take(kRowWidth, &row)) return false;
    if (!exports.Take(row.data[kRowExports], &module.exports) || !needs.Take(row.data[kRowNeeds], &module.needs))
      return false;
    for (std::size_t kind = 0; kind < kTextKinds; ++kind) {
      module.text_counts[kind] = row.data[kRowTexts + kind];
      if (!texts[kind].TakeTexts(module.text_counts[kind], &module.texts[kind])) return false;
    }
    const uint32_t file = row.data[0];
    if (file == kNoFile) continue;
    if (file >= modules_.size() || is_known_[file] != 0) return false;
    is_known_[file] = 1;
    modules_[file] = module;
  }
  return exports.is_empty() && needs.is_empty();
}

} // namespace kmodctl
