#include "index_encoding.h"

#include <cstring>
#include <new>

namespace kmodctl {

namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr int kMostSteps = 64;
constexpr uint32_t kPrefix = 0x80000000;
constexpr uint32_t kValues = 0x40000000;
constexpr uint32_t kChildren = 0x20000000;

// 0 stands for no node (the root is nobody's child) and for no entry (they are counted from 1).
struct Node {
  uint32_t prefix_start;
  uint32_t prefix_end;
  uint32_t first_child;
  uint32_t sibling;
  uint32_t parent;
  uint32_t first_entry;
  uint32_t last_entry;
  uint32_t child_words; // where the offset word of the child with arc 0 were
  uint8_t arc;
};

void WriteWord(uint8_t *place, uint32_t word) {
  place[0] = static_cast<uint8_t>(word >> 24);
  place[1] = static_cast<uint8_t>(word >> 16);
  place[2] = static_cast<uint8_t>(word >> 8);
  place[3] = static_cast<uint8_t>(word);
}

class Trie {
public:
  explicit Trie(const IndexEntries &entries)
      : entries_(entries), nodes_(new (std::nothrow) Node[2 * std::size_t{entries.count} + 1]),
        next_entry_(new (std::nothrow) uint32_t[std::size_t{entries.count} + 1]) {
    if (nodes_ != nullptr) nodes_[0] = Node{};
  }

  bool HasMemory() const { return nodes_ != nullptr && next_entry_ != nullptr; }

  bool AddAll() {
    uint32_t start = 0;
    for (uint32_t index = 0; index < entries_.count; index++) {
      const uint32_t end = entries_.key_ends[index];
      if (!AddEntry(nodes_[NodeOf(start, end)], index + 1)) return false;
      start = end;
    }
    return true;
  }

  std::size_t EncodedSize() const {
    std::size_t total = kHeaderSize;
    if (entries_.count > 0)
      total += entries_.value_ends[entries_.count - 1] + 5 * std::size_t{entries_.count};
    for (uint32_t index = 0; index < size_; index++) {
      const Node &node = nodes_[index];
      if (node.prefix_end > node.prefix_start) total += node.prefix_end - node.prefix_start + 1;
      if (node.first_entry != 0) total += 4;
      if (node.first_child != 0) total += 2 + 4;
      // Offset words span the gap between two children.
      if (node.sibling != 0) total += 4 * std::size_t(nodes_[node.sibling].arc - node.arc);
    }
    return total;
  }

  // `bytes` are all zero.
  void Encode(uint8_t *bytes) {
    WriteWord(bytes, 0xb007f457);
    WriteWord(bytes + 4, 0x00020001);
    uint32_t position = kHeaderSize;
    uint32_t word_place = 8;
    uint32_t index = 0;
    for (;;) {
      WriteWord(bytes + word_place, OffsetWord(nodes_[index], position));
      position = WriteNode(bytes, position, nodes_[index]);
      if (nodes_[index].first_child != 0) {
        index = nodes_[index].first_child;
      } else {
        while (index != 0 && nodes_[index].sibling == 0) index = nodes_[index].parent;
        if (index == 0) return;
        index = nodes_[index].sibling;
      }
      const Node &node = nodes_[index];
      word_place = nodes_[node.parent].child_words + 4 * uint32_t{node.arc};
    }
  }

private:
  uint32_t NodeOf(uint32_t start, uint32_t end) {
    const uint8_t *keys = entries_.keys;
    uint32_t node = 0;
    uint32_t position = start;
    while (position < end) {
      const uint8_t byte = keys[position];
      uint32_t before = 0;
      uint32_t child = nodes_[node].first_child;
      while (child != 0 && nodes_[child].arc < byte) {
        before = child;
        child = nodes_[child].sibling;
      }
      if (child == 0 || nodes_[child].arc != byte) return AddLeaf(node, before, position, end);
      position++;
      uint32_t prefix = nodes_[child].prefix_start;
      const uint32_t prefix_end = nodes_[child].prefix_end;
      while (prefix < prefix_end && position < end && keys[prefix] == keys[position]) {
        prefix++;
        position++;
      }
      node = prefix < prefix_end ? Split(child, before, prefix) : child;
    }
    return node;
  }

  uint32_t AddLeaf(uint32_t parent, uint32_t before, uint32_t position, uint32_t end) {
    const uint32_t leaf = size_++;
    Node &node = nodes_[leaf] = Node{};
    node.arc = entries_.keys[position];
    node.prefix_start = position + 1;
    node.prefix_end = end;
    node.parent = parent;
    node.sibling = before == 0 ? nodes_[parent].first_child : nodes_[before].sibling;
    Replace(parent, before, leaf);
    return leaf;
  }

  // Puts a node in the middle of the prefix that leads to another, and gives the new one.
  uint32_t Split(uint32_t index, uint32_t before, uint32_t prefix) {
    const uint32_t upper = size_++;
    Node &lower = nodes_[index];
    Node &node = nodes_[upper] = Node{};
    node.arc = lower.arc;
    node.prefix_start = lower.prefix_start;
    node.prefix_end = prefix;
    node.parent = lower.parent;
    node.first_child = index;
    node.sibling = lower.sibling;
    Replace(lower.parent, before, upper);
    lower.arc = entries_.keys[prefix];
    lower.prefix_start = prefix + 1;
    lower.parent = upper;
    lower.sibling = 0;
    return upper;
  }

  void Replace(uint32_t parent, uint32_t before, uint32_t child) {
    if (before == 0)
      nodes_[parent].first_child = child;
    else
      nodes_[before].sibling = child;
  }

  uint32_t Priority(uint32_t entry) const { return entries_.priorities[entry - 1]; }

  // Ascending by priority; of equal ones the entry that is added last comes first.
  bool AddEntry(Node &node, uint32_t entry) {
    next_entry_[entry] = 0;
    if (node.first_entry == 0) {
      node.first_entry = node.last_entry = entry;
      return true;
    }
    if (Priority(entry) > Priority(node.last_entry)) {
      next_entry_[node.last_entry] = entry;
      node.last_entry = entry;
      return true;
    }
    if (Priority(entry) <= Priority(node.first_entry)) {
      next_entry_[entry] = node.first_entry;
      node.first_entry = entry;
      return true;
    }
    // A module that has an alias of others twice. To look at all of them each time could take quadratic time.
    uint32_t before = node.first_entry;
    for (int steps = 0; Priority(next_entry_[before]) < Priority(entry); steps++) {
      if (steps == kMostSteps) return false;
      before = next_entry_[before];
    }
    next_entry_[entry] = next_entry_[before];
    next_entry_[before] = entry;
    return true;
  }

  static uint32_t OffsetWord(const Node &node, uint32_t offset) {
    uint32_t word = offset;
    if (node.prefix_start < node.prefix_end) word |= kPrefix;
    if (node.first_entry != 0) word |= kValues;
    if (node.first_child != 0) word |= kChildren;
    return word;
  }

  // Gives the place behind the node.
  uint32_t WriteNode(uint8_t *bytes, uint32_t offset, Node &node) {
    uint32_t position = offset;
    if (node.prefix_start < node.prefix_end)
      position = WriteText(bytes, position, entries_.keys, node.prefix_start, node.prefix_end);
    if (node.first_child != 0) {
      uint32_t last = node.first_child;
      while (nodes_[last].sibling != 0) last = nodes_[last].sibling;
      const uint8_t low = nodes_[node.first_child].arc;
      const uint8_t high = nodes_[last].arc;
      bytes[position++] = low;
      bytes[position++] = high;
      node.child_words = position - 4 * uint32_t{low};
      position += 4 * (uint32_t{high} - low + 1);
    }
    if (node.first_entry == 0) return position;
    uint32_t count = 0;
    const uint32_t count_place = position;
    position += 4;
    for (uint32_t entry = node.first_entry; entry != 0; entry = next_entry_[entry]) {
      count++;
      WriteWord(bytes + position, Priority(entry));
      const uint32_t start = entry == 1 ? 0 : entries_.value_ends[entry - 2];
      position = WriteText(bytes, position + 4, entries_.values, start, entries_.value_ends[entry - 1]);
    }
    WriteWord(bytes + count_place, count);
    return position;
  }

  // Copies a text, passes over the NUL that is there already, and gives the place behind it.
  static uint32_t WriteText(uint8_t *bytes, uint32_t position, const uint8_t *texts, uint32_t start,
                            uint32_t end) {
    if (end > start) std::memcpy(bytes + position, texts + start, end - start);
    return position + (end - start) + 1;
  }

  const IndexEntries &entries_;
  uint32_t size_ = 1;
  std::unique_ptr<Node[]> nodes_;
  std::unique_ptr<uint32_t[]> next_entry_;
};

} // namespace

EncodedIndex EncodeIndex(const IndexEntries &entries, std::size_t limit) {
  EncodedIndex encoded;
  Trie trie(entries);
  if (!trie.HasMemory() || !trie.AddAll()) return encoded;
  const std::size_t size = trie.EncodedSize();
  if (size > limit) return encoded;
  encoded.bytes.reset(new (std::nothrow) uint8_t[size]());
  if (encoded.bytes == nullptr) return encoded;
  encoded.size = size;
  trie.Encode(encoded.bytes.get());
  return encoded;
}

} // namespace kmodctl
