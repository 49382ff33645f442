// What depmod's indexes of a tree of modules are, said in the plainest way.
#ifndef KMODCTL_FUZZ_TREE_MODEL_H
#define KMODCTL_FUZZ_TREE_MODEL_H

#include <algorithm>
#include <map>
#include <set>

#include "../../native/name_hash.h"
#include "tree-input.h"

class TreeModel {
public:
  explicit TreeModel(const std::vector<InputModule> &modules) : modules_(modules), needed_(modules.size()) {
    for (std::size_t index = 0; index < modules.size(); ++index)
      if (modules[index].part != kUnread)
        for (const std::string &symbol : modules[index].exports) owners_[symbol] = index;
    for (std::size_t index = 0; index < modules.size(); ++index) Follow(index, &needed_[index]);
  }

  // Whether the addon leaves the tree to TypeScript. Its files' size is not among the reasons here.
  bool IsUnusual() const {
    for (std::size_t index = 0; index < modules_.size(); ++index) {
      const InputModule &module = modules_[index];
      if (!IsText(module.name) || !IsText(module.path) || needed_[index].count(index) != 0) return true;
      if (module.part == kUnread) continue;
      for (const auto *names : {&module.exports, &module.needs})
        for (const std::string &name : *names)
          if (name[0] == '.') return true;
      for (const std::string &name : module.exports)
        if (!IsText(name)) return true;
      for (const std::string &alias : module.texts[0])
        if (!IsText(alias) || KeyOf(alias).empty() != alias.empty()) return true;
    }
    return false;
  }

  // The lines of modules.dep, without their ends. Nothing needs itself here.
  std::vector<std::string> DependencyLines() const {
    const std::vector<std::size_t> order = Order();
    std::vector<std::string> lines;
    for (std::size_t index = 0; index < modules_.size(); ++index) {
      std::string line = modules_[index].path + ":";
      for (const std::size_t other : order)
        if (needed_[index].count(other) != 0) line += " " + modules_[other].path;
      lines.push_back(line);
    }
    return lines;
  }

  std::string Texts(std::size_t kind) const {
    static const char *const kHeads[] = {"# Aliases extracted from modules themselves.\n",
                                         "# Soft dependencies extracted from modules themselves.\n",
                                         "# Weak dependencies extracted from modules themselves.\n"};
    std::string all = kHeads[kind];
    for (const InputModule &module : modules_) {
      if (module.part == kUnread) continue;
      for (const std::string &text : module.texts[kind])
        all += kind == 0   ? "alias " + text + " " + module.name + "\n"
               : kind == 1 ? "softdep " + module.name + " " + text + "\n"
                           : "weakdep " + module.name + " " + text + "\n";
    }
    return all;
  }

  std::string Symbols() const {
    std::vector<std::pair<uint32_t, std::string>> sorted;
    for (const auto &owner : owners_) {
      const auto *bytes = reinterpret_cast<const uint8_t *>(owner.first.data());
      sorted.emplace_back(kmodctl::NameHash({bytes, owner.first.size()}) % 2048, owner.first);
    }
    std::sort(sorted.begin(), sorted.end());
    std::string all = "# Aliases for symbols, used by symbol_request().\n";
    for (const auto &symbol : sorted)
      all += "alias symbol:" + symbol.second + " " + modules_[owners_.at(symbol.second)].name + "\n";
    return all;
  }

  // Entries by key, as the binary file has them.
  using Entries = std::map<std::string, std::vector<std::pair<uint32_t, std::string>>>;

  Entries AliasEntries() const {
    Entries entries;
    for (std::size_t index = 0; index < modules_.size(); ++index)
      if (modules_[index].part != kUnread)
        for (const std::string &alias : modules_[index].texts[0])
          Insert(&entries, KeyOf(alias), index, modules_[index].name);
    return entries;
  }

  Entries SymbolEntries() const {
    Entries entries;
    for (const auto &owner : owners_)
      Insert(&entries, "symbol:" + owner.first, owner.second, modules_[owner.second].name);
    return entries;
  }

  // `lines`: of the text file, without their ends.
  Entries DependencyEntries(const std::vector<std::string> &lines) const {
    Entries entries;
    for (std::size_t index = 0; index < modules_.size(); ++index)
      Insert(&entries, modules_[index].name, index, lines[index]);
    return entries;
  }

private:
  // All modules come in their order; of the same one the later entry comes first.
  static void Insert(Entries *entries, const std::string &key, std::size_t module, const std::string &value) {
    auto &values = (*entries)[key];
    auto place = values.end();
    while (place != values.begin() && (place - 1)->first == module) --place;
    values.insert(place, {static_cast<uint32_t>(module), value});
  }

  static bool IsText(const std::string &text) {
    return std::all_of(text.begin(), text.end(), [](char letter) { return letter > 0; });
  }

  // Empty for an unmatched bracket.
  static std::string KeyOf(std::string alias) {
    bool within = false;
    for (char &letter : alias) {
      if (!within && letter == ']') return "";
      if (!within && letter == '-') letter = '_';
      within = within ? letter != ']' : letter == '[';
    }
    return within ? "" : alias;
  }

  // The modules that one needs itself, in the order of first need.
  std::vector<std::size_t> Direct(std::size_t module) const {
    std::vector<std::size_t> direct;
    if (modules_[module].part == kUnread) return direct;
    for (const std::string &symbol : modules_[module].needs) {
      const auto owner = owners_.find(symbol);
      if (owner != owners_.end() && std::find(direct.begin(), direct.end(), owner->second) == direct.end())
        direct.push_back(owner->second);
    }
    return direct;
  }

  // The next one is always the one that was last seen to be needed by none of those that are left.
  std::vector<std::size_t> Order() const {
    std::vector<std::size_t> users(modules_.size()), free, order;
    for (std::size_t index = 0; index < modules_.size(); ++index)
      for (const std::size_t other : Direct(index)) ++users[other];
    for (std::size_t index = 0; index < modules_.size(); ++index)
      if (users[index] == 0) free.push_back(index);
    while (!free.empty()) {
      order.push_back(free.back());
      free.pop_back();
      for (const std::size_t other : Direct(order.back()))
        if (--users[other] == 0) free.push_back(other);
    }
    return order;
  }

  void Follow(std::size_t module, std::set<std::size_t> *found) const {
    for (const std::size_t other : Direct(module))
      if (found->insert(other).second) Follow(other, found);
  }

  const std::vector<InputModule> &modules_;
  std::map<std::string, std::size_t> owners_;
  std::vector<std::set<std::size_t>> needed_;
};

#endif
