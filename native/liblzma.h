// The part of liblzma's interface that unpacks .xz files, as its ABI has been since version 5.0 (soname 5).
// Declared here so that building the addon needs no headers of it.
#ifndef KMODCTL_LIBLZMA_H
#define KMODCTL_LIBLZMA_H

#include <cstddef>
#include <cstdint>

namespace kmodctl {

struct LzmaStream {
  const uint8_t *next_in = nullptr;
  std::size_t avail_in = 0;
  uint64_t total_in = 0;
  uint8_t *next_out = nullptr;
  std::size_t avail_out = 0;
  uint64_t total_out = 0;
  const void *allocator = nullptr; // null: malloc
  void *internal = nullptr;        // the decoder's state, kept from one stream to the next
  void *reserved_pointers[4] = {};
  uint64_t reserved_numbers[2] = {};
  std::size_t reserved_sizes[2] = {};
  unsigned int reserved_choices[2] = {};
};

enum LzmaAnswer : int {
  kLzmaOk = 0,
  kLzmaStreamEnd = 1,
  kLzmaUnsupportedCheck = 3,
  kLzmaMemError = 5,
  kLzmaMemLimitError = 6,
  kLzmaFormatError = 7,
  kLzmaOptionsError = 8,
  kLzmaDataError = 9,
  kLzmaBufError = 10,
};

constexpr int kLzmaFinish = 3;                     // action: there is no more input than this
constexpr uint32_t kLzmaTellUnsupportedCheck = 0x02; // flag: answer kLzmaUnsupportedCheck, not unchecked data

struct Liblzma {
  int (*stream_decoder)(LzmaStream *, uint64_t memory_limit, uint32_t flags);
  int (*code)(LzmaStream *, int action);
  void (*end)(LzmaStream *);
  uint64_t (*memory_usage)(const LzmaStream *);
};

// Safe on any thread with a stack of ordinary size. Loaded at the first call that succeeds; null where that
// is impossible: `reason` says why.
const Liblzma *LoadLiblzma(char *reason, std::size_t reason_size);

} // namespace kmodctl

#endif
