// Reads a modules.*.bin file from its first byte to its last, and ends the process where it is not sound.
#ifndef KMODCTL_FUZZ_INDEX_WALK_H
#define KMODCTL_FUZZ_INDEX_WALK_H

#include <cstdlib>

#include "tree-model.h"

class IndexWalk {
public:
  IndexWalk(const uint8_t *bytes, std::size_t size) : bytes_(bytes), size_(size) {
    if (Word(0) != 0xb007f457 || Word(4) != 0x00020001) std::abort();
    Visit(Word(8), "");
    if (read_ != size) std::abort(); // each byte belongs to one node, and to one only
  }

  TreeModel::Entries entries;

private:
  void Visit(uint32_t word, std::string key) {
    std::size_t place = word & 0x1fffffff;
    const std::size_t start = place;
    if ((word & 0x80000000) != 0) key += String(&place);
    const std::size_t children = place;
    if ((word & 0x20000000) != 0) place += 2 + 4 * (std::size_t{Byte(place + 1)} - Byte(place) + 1);
    if ((word & 0x40000000) != 0) {
      const uint32_t count = Word(place);
      place += 4;
      for (uint32_t left = count; left > 0; --left) {
        const uint32_t priority = Word(place);
        place += 4;
        entries[key].emplace_back(priority, String(&place));
      }
    }
    if (place > size_) std::abort();
    read_ += place - start;
    if ((word & 0x20000000) == 0) return;
    const uint8_t low = Byte(children), high = Byte(children + 1);
    for (unsigned arc = low; arc <= high; ++arc) {
      const uint32_t child = Word(children + 2 + 4 * (arc - low));
      if (child != 0) Visit(child, key + static_cast<char>(arc));
    }
  }

  std::string String(std::size_t *place) {
    std::string text;
    for (; Byte(*place) != 0; ++*place) text += static_cast<char>(Byte(*place));
    ++*place;
    return text;
  }

  uint8_t Byte(std::size_t place) const {
    if (place >= size_) std::abort();
    return bytes_[place];
  }

  uint32_t Word(std::size_t place) const {
    return uint32_t{Byte(place)} << 24 | uint32_t{Byte(place + 1)} << 16 | uint32_t{Byte(place + 2)} << 8 |
           Byte(place + 3);
  }

  const uint8_t *bytes_;
  std::size_t size_;
  std::size_t read_ = 12;
};

#endif
