// libFuzzer's way into the native decoder. An input is one byte that chooses how fast the output grows, and a compressed
// file. Whatever it is, a decoder that has been used before and is given its output memory bit by bit has to come to
// the same answer, and the same bytes, as a fresh one in one go; and nothing may be read or written outside.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../../native/decoder.h"
#include "../../native/unpacked_memory.h"

namespace {

using kmodctl::Format;

constexpr std::size_t kLimit = 1 << 20;

struct Answer {
  int result;
  std::vector<uint8_t> bytes;
};

// Memory of exactly this size, so that AddressSanitizer sees a step outside.
std::unique_ptr<uint8_t[]> Exactly(const uint8_t *bytes, std::size_t used, std::size_t size) {
  std::unique_ptr<uint8_t[]> memory(new uint8_t[size]);
  if (used > 0) std::memcpy(memory.get(), bytes, used);
  return memory;
}

Answer AtOnce(Format format, const uint8_t *input, std::size_t length) {
  kmodctl::UnpackedMemory memory;
  const int result = memory.Unpack(format, input, length, kLimit);
  if (result != 0) return {result, {}};
  return {0, std::vector<uint8_t>(memory.bytes(), memory.bytes() + memory.size())};
}

Answer InSteps(kmodctl::Decoder *decoder, Format format, const uint8_t *input, std::size_t length,
               std::size_t step) {
  int result = decoder->Start(format, kLimit);
  std::size_t capacity = 0, produced = 0;
  auto output = Exactly(nullptr, 0, capacity);
  while (result == 0 || result == kmodctl::kOutputFull) {
    result = decoder->Continue(input, length, output.get(), capacity, &produced);
    if (produced > capacity || decoder->position() > length) std::abort();
    if (result != kmodctl::kOutputFull) break;
    if (produced != capacity) std::abort();
    if (capacity > kLimit) return {kmodctl::kTooLarge, {}};
    capacity = std::min(kLimit + 1, capacity + step + capacity / 4);
    output = Exactly(output.get(), produced, capacity);
  }
  if (result != 0) return {result, {}};
  if (produced > kLimit) return {kmodctl::kTooLarge, {}};
  return {0, std::vector<uint8_t>(output.get(), output.get() + produced)};
}

// Which of its faults a file is refused for may depend on the room that a library has: libzstd notices a block that is
// longer than its frame claims to be where its buffer is full.
int Kind(int result) { return result == kmodctl::kTruncated ? kmodctl::kDamaged : result; }

void RequireLibraries() {
  char reason[256];
  for (const Format format : {Format::kXz, Format::kZstd})
    if (!kmodctl::LoadLibraryFor(format, reason, sizeof reason)) {
      std::fprintf(stderr, "%s\n", reason);
      std::exit(1);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size) {
  static const bool ready = (RequireLibraries(), true);
  static kmodctl::Decoder used;
  if (!ready || size < 2) return 0;
  const std::size_t step = 1 + data[0] * std::size_t{40};
  const auto input = Exactly(data + 1, size - 1, size - 1);
  const Format format = input[0] == 0xfd ? Format::kXz : Format::kZstd;
  const Answer expected = AtOnce(format, input.get(), size - 1);
  const Answer answer = InSteps(&used, format, input.get(), size - 1, step);
  if (Kind(answer.result) != Kind(expected.result) || answer.bytes != expected.bytes) {
    std::fprintf(stderr, "in steps: %d and %zu bytes; at once: %d and %zu bytes\n", answer.result,
                 answer.bytes.size(), expected.result, expected.bytes.size());
    std::abort();
  }
  return 0;
}
