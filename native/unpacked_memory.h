// A whole file unpacked into memory of malloc, for callers that have no output buffer of their own.
#ifndef KMODCTL_UNPACKED_MEMORY_H
#define KMODCTL_UNPACKED_MEMORY_H

#include <cstddef>
#include <cstdint>

#include "decoder.h"

namespace kmodctl {

// May be made on one thread and read or dropped on another, not by two at the same time.
class UnpackedMemory {
public:
  UnpackedMemory() = default;
  UnpackedMemory(const UnpackedMemory &) = delete;
  UnpackedMemory &operator=(const UnpackedMemory &) = delete;
  ~UnpackedMemory();

  // Blocks until all is unpacked. 0, or one of the errors of decoder.h; never more than `limit` bytes of
  // output.
  int Unpack(Format format, const uint8_t *input, std::size_t length, std::size_t limit);

  const uint8_t *bytes() const { return bytes_; }
  std::size_t size() const { return size_; }
  // As Decoder::position().
  std::size_t position() const { return position_; }

  // Gives the memory away: the caller calls free() on it.
  uint8_t *Take();

private:
  bool Resize(std::size_t capacity);

  uint8_t *bytes_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t position_ = 0;
};

} // namespace kmodctl

#endif
