// The files that depmod writes about modules, text and binary, for trees without anything unusual. Everything here is in
// src/depmod in TypeScript, too, where unusual trees are dealt with; test/depmod compares the two byte for byte.
#ifndef KMODCTL_TREE_INDEXES_H
#define KMODCTL_TREE_INDEXES_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "dependency_graph.h"
#include "index_encoding.h"
#include "packed_texts.h"
#include "tree_contributions.h"

namespace kmodctl {

// In the order of the indexes.
struct TreeModules {
  PackedTexts names;
  PackedTexts paths; // as the indexes have them
};

// The aliases of modules that want device nodes.
struct DeviceModules {
  Column<uint32_t> modules;
  Column<uint32_t> alias_counts;
  Column<uint8_t> aliases; // a NUL behind each
};

class TreeIndexes {
public:
  // What is given here outlives this; `modules` are as many as the tree has.
  TreeIndexes(const TreeModules &modules, const TreeContributions &tree, std::size_t limit)
      : modules_(modules), tree_(tree), limit_(limit) {}

  // Makes all files, on two threads where `parallel`. False: not done here, because something is unusual (modules that
  // need each other in circles, texts that are not ASCII, unmatched brackets, a file over the limit), or no memory.
  bool Make(bool parallel);

  Column<uint8_t> dep, alias, softdep, weakdep, symbols;
  EncodedIndex dep_bin, alias_bin, symbols_bin;
  DeviceModules devices;

private:
  bool MakeAliases();
  bool MakeOthers();
  bool MakeDependencies();
  bool MakeSoftDependencies();
  bool MakeSymbols();
  bool AddDevice(uint32_t module);
  static void *RunAliases(void *indexes);

  const TreeModules &modules_;
  const TreeContributions &tree_;
  const std::size_t limit_;
  DependencyGraph graph_;
  bool aliases_made_ = false;
};

} // namespace kmodctl

#endif
