#include "module_scan.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

#include "random_seed.h"

namespace kmodctl {

namespace {

constexpr uint64_t kLimit = 512u << 20; // of a file, and of what it unpacks to
constexpr std::size_t kFirstOutput = 1u << 20;
constexpr std::size_t kUsualRatio = 6;
constexpr std::size_t kMostKept = 64u << 20;

constexpr uint8_t kXzMagic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
constexpr uint8_t kZstdMagic[] = {0x28, 0xb5, 0x2f, 0xfd};

bool ReadAll(int fd, uint8_t *bytes, std::size_t length) {
  std::size_t done = 0;
  while (done < length) {
    const ssize_t count = pread(fd, bytes + done, length - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

} // namespace

bool ScanShare::Scan(const char *path, uint32_t file) { return ReadModule(path, file) || left.Add(file); }

// Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
bool ScanShare::ReadModule(const char *path, uint32_t file) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  const bool read = ReadOpen(fd, file);
  close(fd);
  return read;
}

bool ScanShare::ReadOpen(int fd, uint32_t file) {
  struct stat status;
  uint8_t magic[sizeof kXzMagic];
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0) return false;
  if (!ReadAll(fd, magic, sizeof magic)) return false;
  const auto size = static_cast<uint64_t>(status.st_size);
  if (std::memcmp(magic, kXzMagic, sizeof kXzMagic) == 0) return ReadCompressed(fd, size, Format::kXz, file);
  if (std::memcmp(magic, kZstdMagic, sizeof kZstdMagic) == 0)
    return ReadCompressed(fd, size, Format::kZstd, file);
  return reader.ReadFile(fd, size, file);
}

bool ScanShare::ReadCompressed(int fd, std::size_t size, Format format, uint32_t file) {
  if (size > kLimit || !input_.Reserve(size) || !ReadAll(fd, input_.data(), size)) return false;
  if (decoder_.Start(format, kLimit) != 0) return false;
  std::size_t capacity = size * kUsualRatio < kFirstOutput ? kFirstOutput : size * kUsualRatio;
  std::size_t produced = 0;
  for (;;) {
    if (capacity > kLimit) capacity = kLimit;
    // Resized, not reserved: what was produced is to be kept when it grows.
    if (output_.size() < capacity && !output_.Resize(capacity)) return false;
    const int result = decoder_.Continue(input_.data(), size, output_.data(), output_.size(), &produced);
    if (result == 0) break;
    if (result != kOutputFull || output_.size() >= kLimit) return false;
    capacity = output_.size() * 2;
  }
  const bool read = reader.ReadImage(output_.data(), produced, file);
  if (output_.size() > kMostKept) output_.Free();
  return read;
}

ModuleScan *ModuleScan::Start(const uint8_t *paths, std::size_t length, const uint32_t *order, std::size_t count,
                              unsigned helpers, bool compat) {
  auto *scan = new (std::nothrow) ModuleScan();
  if (scan == nullptr) return nullptr;
  const uint32_t seed = RandomSeed();
  if (!scan->Prepare(paths, length, order, count) || !scan->AddShare(compat, seed)) {
    delete scan;
    return nullptr;
  }
  scan->StartHelpers(helpers, compat, seed);
  return scan;
}

bool ModuleScan::Prepare(const uint8_t *paths, std::size_t length, const uint32_t *order, std::size_t count) {
  if (!paths_.Add(reinterpret_cast<const char *>(paths), length) || !paths_.Add('\0')) return false;
  for (std::size_t place = 0; place < length; place += std::strlen(paths_.data() + place) + 1)
    if (!starts_.Add(place)) return false;
  return order_.Add(order, count);
}

bool ModuleScan::AddShare(bool compat, uint32_t seed) {
  if (!shares_.Reserve(shares_.size() + 1)) return false;
  auto *share = new (std::nothrow) ScanShare(seed, compat);
  return share != nullptr && shares_.Add(share);
}

// Fewer threads than wanted are no failure.
void ModuleScan::StartHelpers(unsigned helpers, bool compat, uint32_t seed) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before); // signals are for the program's own threads
  while (helper_count_ < helpers && helper_count_ < kMostHelpers && AddShare(compat, seed)) {
    Helper &helper = helpers_[helper_count_];
    helper.scan = this;
    helper.share = shares_[shares_.size() - 1];
    if (pthread_create(&helper.thread, nullptr, RunHelper, &helper) != 0) break;
    ++helper_count_;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ModuleScan::~ModuleScan() {
  stopped_.store(true);
  Join();
  for (std::size_t index = 0; index < shares_.size(); ++index) delete shares_[index];
}

void *ModuleScan::RunHelper(void *argument) {
  auto *helper = static_cast<Helper *>(argument);
  while (helper->scan->ScanNext(helper->share)) {
  }
  return nullptr;
}

bool ModuleScan::ScanNext(ScanShare *share) {
  if (stopped_.load()) return false;
  const std::size_t place = next_.fetch_add(1);
  if (place >= order_.size()) return false;
  const uint32_t file = order_[place];
  if (file < starts_.size() && !share->Scan(paths_.data() + starts_[file], file)) failed_.store(true);
  done_.fetch_add(1);
  return true;
}

std::size_t ModuleScan::Step(unsigned milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (ScanNext(shares_[0]))
    if (std::chrono::steady_clock::now() >= end) return done_.load() < total() ? done_.load() : total() - 1;
  Join();
  return total();
}

void ModuleScan::Join() {
  while (helper_count_ > 0) pthread_join(helpers_[--helper_count_].thread, nullptr);
}

bool ModuleScan::Merge() {
  ScanShare &first = *shares_[0];
  for (std::size_t index = 1; index < shares_.size(); ++index) {
    const SymbolNames &names = shares_[index]->reader.names();
    Column<uint32_t> &numbers = numbers_[index];
    if (!numbers.Resize(names.size())) return false;
    for (std::size_t number = 0; number < names.size(); ++number)
      if (!first.reader.Intern(names.name(number), names.length(number), &numbers[number])) return false;
  }
  return true;
}

} // namespace kmodctl
