// Numbers for names, found by their bytes: 0, 1, 2 … in the order of first appearance.
#ifndef KMODCTL_SYMBOL_NAMES_H
#define KMODCTL_SYMBOL_NAMES_H

#include <cstddef>
#include <cstdint>

#include "column.h"

namespace kmodctl {

class SymbolNames {
public:
  // Nobody who does not know the seed can make names that collide.
  explicit SymbolNames(uint32_t seed) : seed_(seed) {}

  std::size_t size() const { return hashes_.size(); }

  // Any number; false without memory.
  bool Intern(const uint8_t *name, std::size_t length, uint32_t *number);

  const uint8_t *name(std::size_t number) const { return bytes_.data() + start(number); }
  std::size_t length(std::size_t number) const { return ends_[number] - start(number); }

  const Column<uint8_t> &bytes() const { return bytes_; }
  // Where each name ends in bytes().
  const Column<uint32_t> &ends() const { return ends_; }

private:
  std::size_t start(std::size_t number) const { return number == 0 ? 0 : ends_[number - 1]; }
  bool Widen();

  const uint32_t seed_;
  Column<uint8_t> bytes_;
  Column<uint32_t> ends_;
  Column<uint32_t> hashes_;
  Column<uint32_t> slots_; // number + 1, or 0; a power of two, at most half full
};

} // namespace kmodctl

#endif
