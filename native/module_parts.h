// The parts of a module file that somebody asks for: of a file in memory, or read one by one.
#ifndef KMODCTL_MODULE_PARTS_H
#define KMODCTL_MODULE_PARTS_H

#include <cstddef>
#include <cstdint>

#include "column.h"

namespace kmodctl {

class ModuleParts {
public:
  ModuleParts() = default;
  ModuleParts(const ModuleParts &) = delete;
  ModuleParts &operator=(const ModuleParts &) = delete;
  ~ModuleParts();

  // What was given out before is invalid after either.
  void UseFile(int fd, uint64_t size);
  void UseImage(const uint8_t *image, std::size_t size);

  uint64_t size() const { return size_; }

  // `length` bytes of the file from `offset` on, valid until the next file. What was asked for before costs nothing, nor
  // do parts of it. Null where the file has not that many, cannot be read, there is no memory, or where far more was
  // asked for than the file has.
  const uint8_t *Get(uint64_t offset, uint64_t length);

private:
  struct Part {
    uint64_t start;
    uint64_t end;
    const uint8_t *bytes;
  };
  // Memory is kept from file to file; what has been given out never moves.
  struct Block {
    uint8_t *bytes;
    std::size_t size;
  };
  uint8_t *Take(std::size_t length);

  int fd_ = -1;
  uint64_t size_ = 0;
  uint64_t read_ = 0; // of the present file
  Column<Part> parts_;
  Column<Block> blocks_;
  std::size_t block_ = 0; // the one that memory is taken of
  std::size_t used_ = 0;  // of it
};

} // namespace kmodctl

#endif
