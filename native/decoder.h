// Unpacks xz and zstd, from memory to memory. No JavaScript in here: the fuzzer calls it as it is.
#ifndef KMODCTL_DECODER_H
#define KMODCTL_DECODER_H

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "liblzma.h"
#include "libzstd.h"

namespace kmodctl {

enum class Format : int { kXz = 1, kZstd = 2 };

// What is wrong with compressed data, or in the way of unpacking it.
constexpr int kOutputFull = -ENOBUFS;       // no failure: go on with more room
constexpr int kDamaged = -EBADMSG;          // its own checks, or its structure, are violated
constexpr int kTruncated = -ENODATA;        // sound as far as it goes, but the end is missing
constexpr int kTrailingBytes = -EILSEQ;     // sound, but followed by something else
constexpr int kUnknownFeature = -EOPNOTSUPP; // needs a dictionary, filter or check that the library has not
constexpr int kWindowTooLarge = -EOVERFLOW; // unpacking would take more memory than the limit allows
constexpr int kTooLarge = -EFBIG;           // more output than the limit allows
constexpr int kNoMemory = -ENOMEM;
constexpr int kNoLibrary = -ELIBACC;

// Whether the library for a format is there. As for LoadLiblzma: any thread with a stack of ordinary size.
bool LoadLibraryFor(Format format, char *reason, std::size_t reason_size);

// The state of both libraries, kept from one file to the next. One thread at a time; no ties to a thread. The
// caller brings the same input to every call that belongs to one file. If it does not, the result is wrong,
// or an error, but nothing outside the buffers of the present call is touched.
class Decoder {
public:
  Decoder() = default;
  Decoder(const Decoder &) = delete;
  Decoder &operator=(const Decoder &) = delete;
  ~Decoder() { Release(); }

  // Begins a file. `limit` is the largest output that the caller would take, in bytes: no more memory than
  // that (but always 128 MiB, enough for the presets of the usual tools) is used as window. 0, kNoLibrary or
  // kNoMemory.
  int Start(Format format, uint64_t limit);

  // Unpacks on, to output[*produced] and behind. 0: all of the input was unpacked and is sound. kOutputFull:
  // call again with a larger output that begins with what was produced. Else the file is at its end with that
  // error.
  int Continue(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
               std::size_t *produced);

  // Bytes of the input that were used up; after an error, near the place of it.
  std::size_t position() const { return position_; }

  // Frees the memory of both libraries; the next Start() takes new.
  void Release();

private:
  int ContinueXz(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
                 std::size_t *produced);
  int ContinueZstd(const uint8_t *input, std::size_t length, uint8_t *output, std::size_t capacity,
                   std::size_t *produced);
  int StartXzStream();
  void ReleaseXz();
  void ReleaseZstd();

  const Liblzma *liblzma_ = nullptr;
  const Libzstd *libzstd_ = nullptr;
  LzmaStream xz_;
  ZstdContext *zstd_ = nullptr;
  Format format_ = Format::kXz;
  bool started_ = false;
  bool in_stream_ = false; // within one of the streams or frames that the file consists of
  uint64_t memory_limit_ = 0;
  std::size_t position_ = 0;
  std::size_t frame_output_ = 0;          // where the output of the present zstd frame begins
  unsigned long long frame_content_ = 0; // its size, by its header
};

} // namespace kmodctl

#endif
