// Reads many module files on several threads: depmod's main work. See contribution_reader.h for what is read.
#ifndef KMODCTL_MODULE_SCAN_H
#define KMODCTL_MODULE_SCAN_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <pthread.h>

#include "column.h"
#include "contribution_reader.h"
#include "decoder.h"

namespace kmodctl {

// One thread's share of the work.
class ScanShare {
public:
  ScanShare(uint32_t seed, bool compat) : reader(seed, compat) {}

  // Adds a file's module, or its number to `left`. False without memory even for that.
  bool Scan(const char *path, uint32_t file);

  ContributionReader reader;
  Column<uint32_t> left;

private:
  bool ReadModule(const char *path, uint32_t file);
  bool ReadOpen(int fd, uint32_t file);
  bool ReadCompressed(int fd, std::size_t size, Format format, uint32_t file);

  Decoder decoder_;
  Column<uint8_t> input_;
  Column<uint8_t> output_;
};

class ModuleScan {
public:
  // `paths` has a NUL behind each path. `order` holds numbers of paths; what is none is passed over. Starts at most
  // `helpers` threads, which begin at once. Null without memory.
  static ModuleScan *Start(const uint8_t *paths, std::size_t length, const uint32_t *order, std::size_t count,
                           unsigned helpers, bool compat);

  ModuleScan(const ModuleScan &) = delete;
  ModuleScan &operator=(const ModuleScan &) = delete;
  // Waits for the threads, each of which first comes to the end of its file.
  ~ModuleScan();

  // Reads files on the calling thread as well, for about that long; when none is left, waits for the others. The number
  // of files that are done. All of them: every thread has ended. One thread at a time.
  std::size_t Step(unsigned milliseconds);

  std::size_t total() const { return order_.size(); }

  // When all is done: the shares, with the symbols of all numbered as in the first one. False without memory.
  bool Merge();
  std::size_t share_count() const { return shares_.size(); }
  const ScanShare &share(std::size_t index) const { return *shares_[index]; }
  // For a share but the first: its symbols' numbers in the first.
  const Column<uint32_t> &numbers(std::size_t index) const { return numbers_[index]; }
  // Somebody had no memory, so that files are missing.
  bool failed() const { return failed_.load(); }

private:
  struct Helper {
    ModuleScan *scan;
    ScanShare *share;
    pthread_t thread;
  };
  static constexpr std::size_t kMostHelpers = 63;

  ModuleScan() = default;
  bool Prepare(const uint8_t *paths, std::size_t length, const uint32_t *order, std::size_t count);
  bool AddShare(bool compat, uint32_t seed);
  void StartHelpers(unsigned helpers, bool compat, uint32_t seed);
  static void *RunHelper(void *argument);
  // False where no file is left.
  bool ScanNext(ScanShare *share);
  void Join();

  Column<char> paths_;
  Column<std::size_t> starts_;
  Column<uint32_t> order_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> failed_{false};
  Column<ScanShare *> shares_; // the first is the calling thread's
  Helper helpers_[kMostHelpers];
  std::size_t helper_count_ = 0;
  Column<uint32_t> numbers_[kMostHelpers + 1];
};

} // namespace kmodctl

#endif
