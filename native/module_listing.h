// Finds the module files of a folder whose entries are all of the usual kinds. See module-tree-walk.ts for the others.
#ifndef KMODCTL_MODULE_LISTING_H
#define KMODCTL_MODULE_LISTING_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "packed_texts.h"

namespace kmodctl {

class ModuleListing {
public:
  // A module's name ends with one of `endings`, and is longer. Names of `excluded` are passed over wherever they are.
  ModuleListing(const PackedTexts &endings, const PackedTexts &excluded) : endings_(endings), excluded_(excluded) {}

  // Adds the modules below a folder, each folder's entries in the byte order of their names. Links to files are followed.
  // False: there is something else than files, folders and links to files, or a name that is not ASCII, or something
  // cannot be read, or there is no memory.
  bool AddFolder(const char *folder);

  Column<uint8_t> paths;  // from the folder on, a NUL behind each
  Column<int64_t> stamps; // kStampWidth for each: see file_stamps.h

private:
  bool AddOpen(int fd, std::size_t depth);
  bool AddEntry(int fd, const char *name, uint8_t type, std::size_t depth);
  bool AddFile(int fd, const char *name, bool is_link);
  bool IsModule(const Text &name) const;
  bool IsExcluded(const Text &name) const;

  const PackedTexts &endings_;
  const PackedTexts &excluded_;
  Column<uint8_t> prefix_; // path of the folder at hand, with a slash behind
};

} // namespace kmodctl

#endif
