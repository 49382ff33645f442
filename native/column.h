// An array that grows. std::vector would end the process where there is no memory: this addon is compiled without
// exceptions.
#ifndef KMODCTL_COLUMN_H
#define KMODCTL_COLUMN_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace kmodctl {

template <typename T> class Column {
  static_assert(std::is_trivially_copyable<T>::value, "moved with realloc");

public:
  Column() = default;
  Column(const Column &) = delete;
  Column &operator=(const Column &) = delete;
  ~Column() { std::free(data_); }

  std::size_t size() const { return size_; }
  T *data() { return data_; }
  const T *data() const { return data_; }
  // No check: index < size().
  T &operator[](std::size_t index) { return data_[index]; }
  const T &operator[](std::size_t index) const { return data_[index]; }

  // False without memory; nothing has changed then. So with all that follow.
  bool Reserve(std::size_t capacity) {
    if (capacity <= capacity_) return true;
    std::size_t wanted = capacity_ < 64 ? 64 : capacity_ * 2;
    if (wanted < capacity) wanted = capacity;
    if (wanted > SIZE_MAX / sizeof(T)) return false;
    void *larger = std::realloc(static_cast<void *>(data_), wanted * sizeof(T));
    if (larger == nullptr) return false;
    data_ = static_cast<T *>(larger);
    capacity_ = wanted;
    return true;
  }

  bool Add(T value) {
    if (size_ == capacity_ && !Reserve(size_ + 1)) return false;
    data_[size_++] = value;
    return true;
  }

  bool Add(const T *values, std::size_t count) {
    if (!Reserve(size_ + count)) return false;
    if (count > 0) std::memcpy(data_ + size_, values, count * sizeof(T));
    size_ += count;
    return true;
  }

  // New elements are zero.
  bool Resize(std::size_t size) {
    if (!Reserve(size)) return false;
    if (size > size_) std::memset(static_cast<void *>(data_ + size_), 0, (size - size_) * sizeof(T));
    size_ = size;
    return true;
  }

  void Free() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

  // The memory, which is now for the caller to free(3). Null for no elements.
  T *Release() {
    T *const data = data_;
    data_ = nullptr;
    size_ = capacity_ = 0;
    return data;
  }

  // To fewer elements.
  void Shrink(std::size_t size) { size_ = size; }

private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace kmodctl

#endif
