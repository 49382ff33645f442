// A folder tree on disk, made from a fuzzer's input, and what a plain walk finds in it.
#ifndef KMODCTL_FUZZ_SCRATCH_TREE_H
#define KMODCTL_FUZZ_SCRATCH_TREE_H

#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "input-reader.h"

class ScratchTree {
public:
  // A folder of its own for each process, which stays; in memory where possible.
  static const std::string &Root() {
    static const std::string root = [] {
      char shared[] = "/dev/shm/kmodctl-fuzz-XXXXXX", usual[] = "/tmp/kmodctl-fuzz-XXXXXX";
      const char *made = mkdtemp(shared);
      if (made == nullptr) made = mkdtemp(usual);
      if (made == nullptr) std::abort();
      return std::string(made);
    }();
    static const int registered = std::atexit([] { rmdir(Root().c_str()); });
    return registered == 0 ? root : root;
  }

  explicit ScratchTree(InputReader *input) {
    std::vector<std::string> folders = {Root()};
    for (unsigned left = input->Byte() % 32; left > 0; --left) Add(input, &folders);
  }

  ~ScratchTree() {
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
      if (unlink(path->c_str()) != 0 && rmdir(path->c_str()) != 0) std::abort();
  }

private:
  void Add(InputReader *input, std::vector<std::string> *folders) {
    const uint8_t kind = input->Byte() % 8;
    const std::string name = input->Text();
    const std::string content = input->Text();
    const std::string path = folders->back() + "/" + name;
    if (kind == 0) {
      if (folders->size() > 1) folders->pop_back();
      return;
    }
    if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos || name.find('\0') != name.npos)
      return;
    if (!Make(kind, path, content)) return;
    made_.push_back(path);
    if (kind == 1) folders->push_back(path);
  }

  static bool Make(uint8_t kind, const std::string &path, const std::string &content) {
    if (kind == 1) return mkdir(path.c_str(), 0700) == 0;
    if (kind == 2) return symlink(content.c_str(), path.c_str()) == 0;
    if (kind == 3) return mkfifo(path.c_str(), 0600) == 0;
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    const bool written = write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    return close(fd) == 0 && written;
  }

  std::vector<std::string> made_;
};

// The modules of a folder in their order, by a plain walk.
class PlainWalk {
public:
  PlainWalk(const std::vector<std::string> &endings, const std::vector<std::string> &excluded)
      : endings_(endings), excluded_(excluded.begin(), excluded.end()) {}

  // False for what a listing leaves to others.
  bool Add(const std::string &prefix = "") {
    std::set<std::string> names;
    DIR *folder = opendir((ScratchTree::Root() + "/" + prefix).c_str());
    if (folder == nullptr) std::abort();
    while (const dirent *entry = readdir(folder)) names.insert(entry->d_name);
    closedir(folder);
    for (const std::string &name : names)
      if (name != "." && name != ".." && excluded_.count(name) == 0 && !AddEntry(prefix, name)) return false;
    return true;
  }

  std::vector<std::string> paths;

private:
  bool AddEntry(const std::string &prefix, const std::string &name) {
    const std::string path = ScratchTree::Root() + "/" + prefix + name;
    struct stat link, status;
    if (lstat(path.c_str(), &link) != 0) std::abort();
    const bool is_ascii = name.find_first_not_of(Ascii()) == name.npos;
    if (S_ISDIR(link.st_mode)) return is_ascii && Add(prefix + name + "/");
    if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    for (const std::string &ending : endings_) {
      const bool ends = name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending;
      if (!ends) continue;
      if (is_ascii) paths.push_back(prefix + name);
      return is_ascii;
    }
    return true;
  }

  static std::string Ascii() {
    std::string all;
    for (int letter = 1; letter < 0x80; ++letter) all += static_cast<char>(letter);
    return all;
  }

  const std::vector<std::string> &endings_;
  std::set<std::string> excluded_;
};

#endif
