// Takes a fuzzer's input apart. Behind its end all is 0, so that every input means something. input-reader.ts reads the
// same in TypeScript.
#ifndef KMODCTL_FUZZ_INPUT_READER_H
#define KMODCTL_FUZZ_INPUT_READER_H

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../../native/packed_texts.h"

class InputReader {
public:
  InputReader(const uint8_t *data, std::size_t size) : next_(data), left_(size) {}

  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *next_++;
  }

  // Bytes of which the first says how many there are, fewer than `limit`.
  std::string Bytes(std::size_t limit) {
    std::size_t length = Byte() % limit;
    if (length > left_) length = left_;
    const std::string bytes(reinterpret_cast<const char *>(next_), length);
    next_ += length;
    left_ -= length;
    return bytes;
  }

  // Texts that all that follows refers to.
  void ReadPool() {
    pool_.resize(Byte() % 64);
    for (std::string &text : pool_) text = Bytes(48);
  }

  // One of them.
  std::string Text() {
    const uint8_t place = Byte();
    return pool_.empty() ? std::string() : pool_[place % pool_.size()];
  }

  std::vector<std::string> Texts(std::size_t limit) {
    std::vector<std::string> texts(Byte() % limit);
    for (std::string &text : texts) text = Text();
    return texts;
  }

  // Mostly small, but also such as no array has.
  uint32_t Word() {
    const uint8_t byte = Byte();
    return byte < 0xf0 ? byte : byte < 0xf8 ? 0x80000000u + byte : 0xffffff00u + byte;
  }

  std::vector<uint32_t> Words() {
    std::vector<uint32_t> words(Byte());
    for (uint32_t &word : words) word = Word();
    return words;
  }

private:
  const uint8_t *next_;
  std::size_t left_;
  std::vector<std::string> pool_;
};

// Memory of exactly the size that is needed, so that AddressSanitizer sees a step outside; none for nothing.
template <typename T> class ExactArray {
public:
  ExactArray(const T *values, std::size_t count) : size_(count), values_(count == 0 ? nullptr : new T[count]) {
    if (count > 0) std::memcpy(values_.get(), values, count * sizeof(T));
  }
  explicit ExactArray(const std::vector<T> &values) : ExactArray(values.data(), values.size()) {}

  T *data() const { return values_.get(); }
  kmodctl::Span<T> span() const { return {values_.get(), size_}; }

private:
  std::size_t size_;
  std::unique_ptr<T[]> values_;
};

inline std::string Joined(const std::vector<std::string> &texts) {
  std::string all;
  for (const std::string &text : texts) all += text;
  return all;
}

// Texts as the addon gets them from JavaScript: where each begins, and where the last ends.
class ExactTexts {
public:
  explicit ExactTexts(const std::vector<std::string> &texts)
      : count_(texts.size()), bytes_(BytesOf(Joined(texts))), starts_(StartsOf(texts)) {}

  // The first ones alone, in the same memory.
  kmodctl::PackedTexts First(std::size_t count) const {
    return {bytes_.data(), starts_.data() + 1, count < count_ ? count : count_};
  }
  kmodctl::PackedTexts All() const { return First(count_); }

private:
  static ExactArray<uint8_t> BytesOf(const std::string &all) {
    return {reinterpret_cast<const uint8_t *>(all.data()), all.size()};
  }
  static std::vector<uint32_t> StartsOf(const std::vector<std::string> &texts) {
    std::vector<uint32_t> starts = {0};
    for (const std::string &text : texts) starts.push_back(starts.back() + static_cast<uint32_t>(text.size()));
    return starts;
  }

  std::size_t count_;
  ExactArray<uint8_t> bytes_;
  ExactArray<uint32_t> starts_;
};

inline std::string StringOf(const kmodctl::Text &text) {
  return text.length == 0 ? std::string() : std::string(reinterpret_cast<const char *>(text.bytes), text.length);
}

#endif
