// libFuzzer's way into depmod's quick reader of module files. An input is one byte of options and a module file. Read from
// memory, and part by part from an open file, it has to give the same; and nothing may be read outside of it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

#include "../../native/contribution_reader.h"

namespace {

using kmodctl::Column;
using kmodctl::ContributionReader;

int MemoryFile() {
  const int fd = memfd_create("module", 0);
  if (fd < 0) std::abort();
  return fd;
}

template <typename T> bool Same(const Column<T> &one, const Column<T> &other) {
  return one.size() == other.size() &&
         (one.size() == 0 || std::memcmp(one.data(), other.data(), one.size() * sizeof(T)) == 0);
}

bool Same(const ContributionReader &one, const ContributionReader &other) {
  const auto &a = one.columns();
  const auto &b = other.columns();
  for (std::size_t kind = 0; kind < kmodctl::kTextKinds; ++kind)
    if (!Same(a.texts[kind], b.texts[kind])) return false;
  return Same(a.rows, b.rows) && Same(a.exports, b.exports) && Same(a.export_crcs, b.export_crcs) &&
         Same(a.needs, b.needs) && Same(a.need_crcs, b.need_crcs) && Same(a.need_weak, b.need_weak) &&
         Same(one.names().bytes(), other.names().bytes()) && Same(one.names().ends(), other.names().ends());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size) {
  static const int fd = MemoryFile();
  if (size < 1) return 0;
  const bool compat = (data[0] & 1) != 0;
  // Memory of exactly this size, so that AddressSanitizer sees a step outside.
  const std::size_t length = size - 1;
  std::unique_ptr<uint8_t[]> image(new uint8_t[length]);
  if (length > 0) std::memcpy(image.get(), data + 1, length);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, image.get(), length, 0) != static_cast<ssize_t>(length)) std::abort();
  ContributionReader from_memory(1, compat);
  ContributionReader from_file(1, compat);
  const bool read = from_memory.ReadImage(image.get(), length, 7);
  if (read != from_file.ReadFile(fd, length, 7) || !Same(from_memory, from_file)) {
    std::fprintf(stderr, "memory and file give different contributions\n");
    std::abort();
  }
  // Once more: nothing is left of the first time that matters.
  if (read != from_memory.ReadImage(image.get(), length, 7)) std::abort();
  return 0;
}
