// The part of libzstd's stable interface that unpacks .zst files (version 1.4 and later, soname 1).
// Declared here so that building the addon needs no headers of it.
#ifndef KMODCTL_LIBZSTD_H
#define KMODCTL_LIBZSTD_H

#include <cstddef>

namespace kmodctl {

struct ZstdContext; // the library's own

struct ZstdInput {
  const void *bytes;
  std::size_t size;
  std::size_t position;
};

struct ZstdOutput {
  void *bytes;
  std::size_t size;
  std::size_t position;
};

constexpr unsigned long long kZstdSizeUnknown = 0ULL - 1; // content_size: the frame's header does not tell
constexpr unsigned long long kZstdSizeError = 0ULL - 2;   // content_size: the header is incomplete or none
constexpr int kZstdResetSession = 1;
constexpr int kZstdWindowLogMax = 100; // decompression parameter

enum ZstdError : int {
  kZstdVersionUnsupported = 12,
  kZstdParameterUnsupported = 14,
  kZstdWindowTooLarge = 16,
  kZstdDictionaryWrong = 32,
  kZstdMemoryAllocation = 64,
};

struct Libzstd {
  ZstdContext *(*create)();
  std::size_t (*free)(ZstdContext *);
  std::size_t (*reset)(ZstdContext *, int directive);
  std::size_t (*set_parameter)(ZstdContext *, int parameter, int value);
  std::size_t (*decompress)(ZstdContext *, ZstdOutput *, ZstdInput *);
  std::size_t (*memory_usage)(const ZstdContext *);
  unsigned int (*is_error)(std::size_t answer);
  int (*error_code)(std::size_t answer);
  unsigned long long (*content_size)(const void *bytes, std::size_t size);
};

// Safe on any thread with a stack of ordinary size. Loaded at the first call that succeeds; null where that
// is impossible: `reason` says why.
const Libzstd *LoadLibzstd(char *reason, std::size_t reason_size);

} // namespace kmodctl

#endif
