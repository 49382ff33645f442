// Which modules need which: see symbol-owners.ts, dependency-edges.ts and dependency-order.ts, which say the same.
#ifndef KMODCTL_DEPENDENCY_GRAPH_H
#define KMODCTL_DEPENDENCY_GRAPH_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "tree_contributions.h"

namespace kmodctl {

constexpr uint32_t kNoOwner = 0xffffffff;

class DependencyGraph {
public:
  // False: modules need each other in a circle, a needed name begins with a dot (which has a meaning), or there is no
  // memory.
  bool Build(const TreeContributions &tree);

  // The module that exports a symbol, or kNoOwner.
  uint32_t owner(std::size_t symbol) const { return owners_[symbol]; }

  // All that a module needs, itself or through others, what needs others first. Valid until the next call.
  Span<uint32_t> Closure(uint32_t module);

private:
  bool FindOwners(const TreeContributions &tree);
  bool FindEdges(const TreeContributions &tree);
  bool Rank();

  Column<uint32_t> owners_; // by symbol
  Column<uint32_t> starts_;
  Column<uint32_t> targets_; // of module m: from starts_[m] to starts_[m + 1]
  Column<uint32_t> users_;
  Column<uint32_t> ranks_; // lower than those of all that it needs
  Column<uint32_t> by_rank_;
  Column<uint32_t> seen_by_; // module + 1
  Column<uint32_t> found_;
};

} // namespace kmodctl

#endif
