// libFuzzer's way from what modules contribute to depmod's indexes. An input is either a tree of modules, whose indexes
// have to be what a plain model says, in whatever parts the modules come; or columns that need not fit together, which
// must do no harm.
#include <cstdio>

#include "../../native/tree_indexes.h"
#include "index-walk.h"

namespace {

using kmodctl::Column;
using kmodctl::EncodedIndex;
using kmodctl::TreeIndexes;

enum Flags : uint8_t { kParallel = 1, kRaw = 2, kLimited = 4 };

void Require(bool condition, const char *what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

std::string StringOf(const Column<uint8_t> &column) {
  return std::string(reinterpret_cast<const char *>(column.data()), column.size());
}

// All files of a tree, with what they were made from.
class Made {
public:
  Made(const std::vector<InputModule> &modules, const InputParts &parts, std::size_t limit, bool parallel, uint32_t seed)
      : names_(TextsOf(modules, &InputModule::name)), paths_(TextsOf(modules, &InputModule::path)),
        listed_{names_.All(), paths_.All()}, views_(parts.Views()), indexes(listed_, tree_, limit) {
    is_made = tree_.Build(views_.data(), views_.size(), modules.size(), seed) && indexes.Make(parallel);
  }

private:
  static ExactTexts TextsOf(const std::vector<InputModule> &modules, std::string InputModule::*member) {
    std::vector<std::string> texts;
    for (const InputModule &module : modules) texts.push_back(module.*member);
    return ExactTexts(texts);
  }

  ExactTexts names_, paths_;
  kmodctl::TreeModules listed_;
  std::vector<kmodctl::ContributionPart> views_;
  kmodctl::TreeContributions tree_;

public:
  TreeIndexes indexes;
  bool is_made;
};

std::string BytesOf(const EncodedIndex &index) {
  return std::string(reinterpret_cast<const char *>(index.bytes.get()), index.size);
}

std::string All(const TreeIndexes &made) {
  std::string all;
  for (const auto *text : {&made.dep, &made.alias, &made.softdep, &made.weakdep, &made.symbols, &made.devices.aliases})
    all += StringOf(*text) + '\0';
  for (const auto *index : {&made.dep_bin, &made.alias_bin, &made.symbols_bin}) all += BytesOf(*index);
  for (const auto *numbers : {&made.devices.modules, &made.devices.alias_counts})
    all.append(reinterpret_cast<const char *>(numbers->data()), numbers->size() * sizeof(uint32_t));
  return all;
}

TreeModel::Entries EntriesOf(const EncodedIndex &index) {
  return IndexWalk(index.bytes.get(), index.size).entries;
}

void CheckFiles(const std::vector<InputModule> &modules, const TreeIndexes &made) {
  const TreeModel model(modules);
  const std::vector<std::string> lines = model.DependencyLines();
  std::string dependencies;
  for (const std::string &line : lines) dependencies += line + "\n";
  Require(StringOf(made.dep) == dependencies, "modules.dep");
  Require(StringOf(made.alias) == model.Texts(0), "modules.alias");
  Require(StringOf(made.softdep) == model.Texts(1), "modules.softdep");
  Require(StringOf(made.weakdep) == model.Texts(2), "modules.weakdep");
  Require(StringOf(made.symbols) == model.Symbols(), "modules.symbols");
  Require(EntriesOf(made.dep_bin) == model.DependencyEntries(lines), "modules.dep.bin");
  Require(EntriesOf(made.alias_bin) == model.AliasEntries(), "modules.alias.bin");
  Require(EntriesOf(made.symbols_bin) == model.SymbolEntries(), "modules.symbols.bin");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size) {
  InputReader input(data, size);
  const uint8_t flags = input.Byte();
  const bool parallel = (flags & kParallel) != 0;
  const uint8_t seed = input.Byte();
  const std::size_t count = 1 + input.Byte() % 4;
  const std::size_t limit = (flags & kLimited) != 0 ? input.Byte() * std::size_t{16} : 1 << 20;
  input.ReadPool();
  std::vector<InputModule> modules(input.Byte() % 24);
  for (InputModule &module : modules) module = ReadModule(&input);
  if ((flags & kRaw) != 0) {
    Made(modules, ReadRawParts(&input, count), limit, parallel, seed);
    return 0;
  }
  const Made whole(modules, PartsOf(modules, 1, true), limit, false, seed);
  if ((flags & kLimited) == 0)
    Require(whole.is_made != TreeModel(modules).IsUnusual(), "what is usual is made, and only that");
  for (const bool share_names : {true, false}) {
    const Made parts(modules, PartsOf(modules, count, share_names), limit, parallel && !share_names, seed);
    Require(parts.is_made == whole.is_made, "made from parts as from the whole");
    Require(!whole.is_made || All(parts.indexes) == All(whole.indexes), "the same from parts");
  }
  if (whole.is_made) CheckFiles(modules, whole.indexes);
  return 0;
}
