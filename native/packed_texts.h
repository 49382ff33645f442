// Views on memory that belongs to somebody else: arrays, texts, and many texts one after the other.
#ifndef KMODCTL_PACKED_TEXTS_H
#define KMODCTL_PACKED_TEXTS_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kmodctl {

template <typename T> struct Span {
  const T *data = nullptr;
  std::size_t size = 0;
};

struct Text {
  const uint8_t *bytes;
  std::size_t length;
};

// By bytes; of a text and one that begins with it, the shorter comes first.
inline bool ComesBefore(const Text &one, const Text &other) {
  const std::size_t common = one.length < other.length ? one.length : other.length;
  const int order = common == 0 ? 0 : std::memcmp(one.bytes, other.bytes, common);
  return order != 0 ? order < 0 : one.length < other.length;
}

struct PackedTexts {
  const uint8_t *bytes = nullptr;
  const uint32_t *ends = nullptr; // text n lies between the ends n - 1 and n
  std::size_t count = 0;

  // index < count; the ends ascend and lie within the bytes.
  Text operator[](std::size_t index) const {
    const uint32_t start = index == 0 ? 0 : ends[index - 1];
    return {bytes + start, ends[index] - start};
  }
};

// Whether the ends ascend up to `length` at most.
inline bool Ascend(const uint32_t *ends, std::size_t count, std::size_t length) {
  uint32_t last = 0;
  for (std::size_t index = 0; index < count; ++index) {
    if (ends[index] < last || ends[index] > length) return false;
    last = ends[index];
  }
  return true;
}

} // namespace kmodctl

#endif
