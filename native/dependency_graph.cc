#include "dependency_graph.h"

#include <algorithm>

namespace kmodctl {

bool DependencyGraph::Build(const TreeContributions &tree) {
  return FindOwners(tree) && FindEdges(tree) && Rank();
}

// Of several modules that export a name the last one has it.
bool DependencyGraph::FindOwners(const TreeContributions &tree) {
  if (!owners_.Resize(tree.symbols().count)) return false;
  for (std::size_t symbol = 0; symbol < owners_.size(); ++symbol) owners_[symbol] = kNoOwner;
  for (std::size_t index = 0; index < tree.module_count(); ++index) {
    const ModuleContribution &module = tree.module(index);
    for (std::size_t place = 0; place < module.exports.size; ++place)
      owners_[tree.Symbol(module, module.exports.data[place])] = static_cast<uint32_t>(index);
  }
  return true;
}

bool DependencyGraph::FindEdges(const TreeContributions &tree) {
  const std::size_t count = tree.module_count();
  if (!starts_.Resize(count + 1) || !users_.Resize(count) || !seen_by_.Resize(count)) return false;
  for (std::size_t symbol = 0; symbol < tree.symbols().count; ++symbol) {
    const Text name = tree.symbols()[symbol];
    if (name.length > 0 && name.bytes[0] == '.') return false;
  }
  for (std::size_t index = 0; index < count; ++index) {
    const ModuleContribution &module = tree.module(index);
    for (std::size_t place = 0; place < module.needs.size; ++place) {
      const uint32_t owner = owners_[tree.Symbol(module, module.needs.data[place])];
      if (owner == kNoOwner || seen_by_[owner] == index + 1) continue;
      seen_by_[owner] = static_cast<uint32_t>(index + 1);
      ++users_[owner];
      if (!targets_.Add(owner)) return false;
    }
    starts_[index + 1] = static_cast<uint32_t>(targets_.size());
  }
  return true;
}

// Kahn's algorithm with a stack, begun with the modules that nobody needs.
bool DependencyGraph::Rank() {
  const std::size_t count = users_.size();
  Column<uint32_t> stack;
  if (!stack.Reserve(count) || !ranks_.Resize(count) || !by_rank_.Resize(count) || !found_.Resize(count)) return false;
  for (std::size_t module = 0; module < count; ++module)
    if (users_[module] == 0) stack.Add(static_cast<uint32_t>(module));
  std::size_t ranked = 0;
  while (stack.size() > 0) {
    const uint32_t module = stack[stack.size() - 1];
    stack.Shrink(stack.size() - 1);
    ranks_[module] = static_cast<uint32_t>(ranked);
    by_rank_[ranked++] = module;
    for (uint32_t edge = starts_[module]; edge < starts_[module + 1]; ++edge)
      if (--users_[targets_[edge]] == 0) stack.Add(targets_[edge]);
  }
  for (std::size_t module = 0; module < count; ++module) seen_by_[module] = 0;
  return ranked == count;
}

Span<uint32_t> DependencyGraph::Closure(uint32_t module) {
  std::size_t length = 0;
  uint32_t current = module;
  // What has been found is also the queue of what is to be followed.
  for (std::size_t next = 0;; current = by_rank_[found_[next++]]) {
    for (uint32_t edge = starts_[current]; edge < starts_[current + 1]; ++edge) {
      const uint32_t target = targets_[edge];
      if (seen_by_[target] == module + 1) continue;
      seen_by_[target] = module + 1;
      found_[length++] = ranks_[target];
    }
    if (next == length) break;
  }
  std::sort(found_.data(), found_.data() + length);
  for (std::size_t place = 0; place < length; ++place) found_[place] = by_rank_[found_[place]];
  return {found_.data(), length};
}

} // namespace kmodctl
