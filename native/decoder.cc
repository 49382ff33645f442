#include "decoder.h"

#include <algorithm>
#include <cstring>

namespace kmodctl {

namespace {

constexpr uint64_t kLeastMemoryLimit = 128u << 20;
constexpr uint64_t kBesideWindow = 16u << 20; // liblzma counts its other memory, too
constexpr uint64_t kMostKept = 16u << 20;     // of a library's memory, from one file to the next

constexpr uint8_t kXzMagic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
constexpr uint8_t kZstdMagic[] = {0x28, 0xb5, 0x2f, 0xfd};
constexpr uint8_t kSkippableMagicEnd[] = {0x2a, 0x4d, 0x18}; // after 0x50 to 0x5f

// 0 where another stream begins, else what the bytes there are.
int NextStream(const uint8_t *bytes, std::size_t length, const uint8_t *magic, std::size_t magic_length) {
  if (std::memcmp(bytes, magic, std::min(length, magic_length)) != 0) return kTrailingBytes;
  return length < magic_length ? kTruncated : 0;
}

int NextFrame(const uint8_t *bytes, std::size_t length) {
  if ((bytes[0] & 0xf0) == 0x50)
    return NextStream(bytes + 1, length - 1, kSkippableMagicEnd, sizeof kSkippableMagicEnd);
  return NextStream(bytes, length, kZstdMagic, sizeof kZstdMagic);
}

// Whether a zstd frame's header asks for a larger window. The library looks at that only where it needs the
// window, which depends on the room for output; the answer shall not.
bool WantsLargerWindow(const uint8_t *frame, std::size_t length, int window_log) {
  constexpr uint8_t kSingleSegment = 0x20;
  if (length < 6 || frame[0] != kZstdMagic[0] || (frame[4] & kSingleSegment) != 0) return false;
  const int log = 10 + (frame[5] >> 3);
  const int eighths = frame[5] & 7;
  return log > window_log || (log == window_log && eighths > 0);
}

int XzError(int answer) {
  switch (answer) {
  case kLzmaMemError:
    return kNoMemory;
  case kLzmaMemLimitError:
    return kWindowTooLarge;
  case kLzmaUnsupportedCheck:
  case kLzmaOptionsError:
    return kUnknownFeature;
  default:
    return kDamaged;
  }
}

int ZstdErrorOf(int code) {
  switch (code) {
  case kZstdMemoryAllocation:
    return kNoMemory;
  case kZstdWindowTooLarge:
    return kWindowTooLarge;
  case kZstdVersionUnsupported:
  case kZstdParameterUnsupported:
  case kZstdDictionaryWrong:
    return kUnknownFeature;
  default:
    return kDamaged;
  }
}

// The largest window as a power of two, within the limit and what the library can do.
int WindowLog(uint64_t memory_limit) {
  const int most = sizeof(void *) == 8 ? 31 : 30;
  int log = 27;
  while (log < most && (uint64_t{2} << log) <= memory_limit) ++log;
  return log;
}

} // namespace

bool LoadLibraryFor(Format format, char *reason, std::size_t reason_size) {
  return format == Format::kXz ? LoadLiblzma(reason, reason_size) != nullptr
                               : LoadLibzstd(reason, reason_size) != nullptr;
}

int Decoder::Start(Format format, uint64_t limit) {
  char reason[2];
  format_ = format;
  started_ = in_stream_ = false;
  position_ = 0;
  memory_limit_ = std::max(limit, kLeastMemoryLimit);
  if (format == Format::kXz) {
    if (liblzma_ == nullptr) liblzma_ = LoadLiblzma(reason, sizeof reason);
    if (liblzma_ == nullptr) return kNoLibrary;
  } else {
    if (libzstd_ == nullptr) libzstd_ = LoadLibzstd(reason, sizeof reason);
    if (libzstd_ == nullptr) return kNoLibrary;
    if (zstd_ == nullptr) zstd_ = libzstd_->create();
    if (zstd_ == nullptr) return kNoMemory;
    (void)libzstd_->reset(zstd_, kZstdResetSession);
    (void)libzstd_->set_parameter(zstd_, kZstdWindowLogMax, WindowLog(memory_limit_));
  }
  started_ = true;
  return 0;
}

int Decoder::Continue(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
                      std::size_t *produced) {
  if (!started_ || position_ > length || *produced > capacity) return -EINVAL;
  const int result = format_ == Format::kXz ? ContinueXz(input, length, output, capacity, produced)
                                            : ContinueZstd(input, length, output, capacity, produced);
  if (result == kOutputFull) return result;
  started_ = false;
  if (xz_.internal != nullptr && liblzma_->memory_usage(&xz_) > kMostKept) ReleaseXz();
  if (zstd_ != nullptr && libzstd_->memory_usage(zstd_) > kMostKept) ReleaseZstd();
  return result;
}

int Decoder::StartXzStream() {
  const int answer = liblzma_->stream_decoder(&xz_, memory_limit_ + kBesideWindow, kLzmaTellUnsupportedCheck);
  if (answer != kLzmaOk) return XzError(answer);
  in_stream_ = true;
  return 0;
}

// One stream after the other by itself, not with LZMA_CONCATENATED: with that a stream's damage and bytes
// behind the last stream give the same answer.
int Decoder::ContinueXz(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
                        std::size_t *produced) {
  for (;;) {
    if (!in_stream_) {
      std::size_t next = position_;
      while (next > 0 && next < length && input[next] == 0) ++next;
      if ((next - position_) % 4 != 0) return kTrailingBytes; // padding behind a stream comes in fours
      position_ = next;
      if (position_ == length) return length > 0 ? 0 : kTruncated;
      int error = NextStream(input + position_, length - position_, kXzMagic, sizeof kXzMagic);
      if (error == 0) error = StartXzStream();
      if (error != 0) return error;
    }
    xz_.next_in = input + position_;
    xz_.avail_in = length - position_;
    xz_.next_out = output + *produced;
    xz_.avail_out = capacity - *produced;
    const int answer = liblzma_->code(&xz_, kLzmaFinish);
    position_ = length - xz_.avail_in;
    *produced = capacity - xz_.avail_out;
    if (answer == kLzmaStreamEnd) in_stream_ = false;
    // Says so only when it could neither take nor give anything; until then it answers "ok".
    else if (answer == kLzmaBufError) return xz_.avail_out == 0 ? kOutputFull : kTruncated;
    else if (answer != kLzmaOk) return XzError(answer);
  }
}

int Decoder::ContinueZstd(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
                          std::size_t *produced) {
  for (;;) {
    if (!in_stream_) {
      if (position_ == length) return length > 0 ? 0 : kTruncated;
      const int error = NextFrame(input + position_, length - position_);
      if (error != 0) return error;
      if (WantsLargerWindow(input + position_, length - position_, WindowLog(memory_limit_)))
        return kWindowTooLarge;
      in_stream_ = true;
      frame_output_ = *produced;
      frame_content_ = libzstd_->content_size(input + position_, length - position_);
    }
    ZstdInput in{input, length, position_};
    ZstdOutput out{output, capacity, *produced};
    const std::size_t answer = libzstd_->decompress(zstd_, &out, &in);
    const bool progress = in.position != position_ || out.position != *produced;
    position_ = in.position;
    *produced = out.position;
    if (libzstd_->is_error(answer) != 0) return ZstdErrorOf(libzstd_->error_code(answer));
    if (answer == 0) {
      in_stream_ = false;
      // The library compares the two in most ways through it, but not where the last block is empty.
      const bool is_known = frame_content_ != kZstdSizeUnknown && frame_content_ != kZstdSizeError;
      if (is_known && *produced - frame_output_ != frame_content_) return kDamaged;
    } else if (!progress) return out.position == capacity ? kOutputFull : kTruncated;
  }
}

void Decoder::ReleaseXz() {
  if (xz_.internal != nullptr) liblzma_->end(&xz_);
  xz_ = LzmaStream();
}

void Decoder::ReleaseZstd() {
  if (zstd_ != nullptr) (void)libzstd_->free(zstd_);
  zstd_ = nullptr;
}

void Decoder::Release() {
  ReleaseXz();
  ReleaseZstd();
  started_ = false;
}

} // namespace kmodctl
