#include "tree_indexes.h"

#include <csignal>
#include <pthread.h>

#include "index_entries.h"
#include "name_hash.h"

namespace kmodctl {

namespace {

constexpr std::size_t kAliases = 0;
constexpr std::size_t kSymbolBuckets = 2048; // of kmod's table

template <std::size_t size> bool Add(Column<uint8_t> *text, const char (&literal)[size]) {
  return text->Add(reinterpret_cast<const uint8_t *>(literal), size - 1);
}

bool Add(Column<uint8_t> *text, const Text &other) { return text->Add(other.bytes, other.length); }

bool BeginsWith(const Text &text, const char *prefix, std::size_t length) {
  return text.length >= length && std::memcmp(text.bytes, prefix, length) == 0;
}

// Calls `use` with each text of a kind that a module has; ends where it says false.
template <typename Use> bool ForEachText(const ModuleContribution &module, std::size_t kind, Use use) {
  const uint8_t *next = module.texts[kind];
  for (uint32_t left = module.text_counts[kind]; left > 0; --left) {
    const std::size_t length = std::strlen(reinterpret_cast<const char *>(next));
    if (!use(Text{next, length})) return false;
    next += length + 1;
  }
  return true;
}

// An alias as the index has it: underscores for dashes, but not between brackets. False for an unmatched bracket.
bool AddKey(const Text &alias, IndexColumns *columns) {
  const std::size_t start = columns->keys.size();
  if (!columns->keys.Add(alias.bytes, alias.length)) return false;
  uint8_t *const key = columns->keys.data() + start;
  for (std::size_t place = 0; place < alias.length; ++place) {
    if (key[place] == '-') key[place] = '_';
    if (key[place] == ']') return false;
    if (key[place] != '[') continue;
    const void *close = std::memchr(key + place, ']', alias.length - place);
    if (close == nullptr) return false;
    place = static_cast<std::size_t>(static_cast<const uint8_t *>(close) - key);
  }
  return true;
}

} // namespace

bool TreeIndexes::Make(bool parallel) {
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before); // signals are for the program's own threads
  const bool started = parallel && pthread_create(&thread, nullptr, RunAliases, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const bool others_made = MakeOthers();
  if (started) (void)pthread_join(thread, nullptr);
  return others_made && (started ? aliases_made_ : MakeAliases());
}

void *TreeIndexes::RunAliases(void *indexes) {
  auto *self = static_cast<TreeIndexes *>(indexes);
  self->aliases_made_ = self->MakeAliases();
  return nullptr;
}

bool TreeIndexes::MakeOthers() {
  return graph_.Build(tree_) && MakeDependencies() && MakeSymbols() && MakeSoftDependencies();
}

bool TreeIndexes::MakeDependencies() {
  IndexColumns columns;
  for (uint32_t module = 0; module < tree_.module_count(); ++module) {
    const std::size_t start = dep.size();
    if (!Add(&dep, modules_.paths[module]) || !Add(&dep, ":")) return false;
    const Span<uint32_t> needed = graph_.Closure(module);
    for (std::size_t place = 0; place < needed.size; ++place)
      if (!Add(&dep, " ") || !Add(&dep, modules_.paths[needed.data[place]])) return false;
    const Text line{dep.data() + start, dep.size() - start};
    if (!Add(&columns.keys, modules_.names[module]) || !columns.End(line, module) || !Add(&dep, "\n")) return false;
  }
  return columns.Encode(limit_, &dep_bin);
}

bool TreeIndexes::MakeAliases() {
  IndexColumns columns;
  if (!Add(&alias, "# Aliases extracted from modules themselves.\n")) return false;
  for (uint32_t index = 0; index < tree_.module_count(); ++index) {
    const Text name = modules_.names[index];
    bool wants_device = false;
    const bool added = ForEachText(tree_.module(index), kAliases, [&](const Text &text) {
      constexpr char kDevice[] = "devname:";
      wants_device = wants_device || BeginsWith(text, kDevice, sizeof kDevice - 1);
      return Add(&alias, "alias ") && Add(&alias, text) && Add(&alias, " ") && Add(&alias, name) &&
             Add(&alias, "\n") && AddKey(text, &columns) && columns.End(name, index);
    });
    if (!added || (wants_device && !AddDevice(index))) return false;
  }
  return columns.Encode(limit_, &alias_bin);
}

bool TreeIndexes::AddDevice(uint32_t module) {
  const ModuleContribution &contribution = tree_.module(module);
  return devices.modules.Add(module) && devices.alias_counts.Add(contribution.text_counts[kAliases]) &&
         ForEachText(contribution, kAliases, [this](const Text &text) {
           return Add(&devices.aliases, text) && devices.aliases.Add(0);
         });
}

bool TreeIndexes::MakeSoftDependencies() {
  if (!Add(&softdep, "# Soft dependencies extracted from modules themselves.\n") ||
      !Add(&weakdep, "# Weak dependencies extracted from modules themselves.\n"))
    return false;
  for (uint32_t index = 0; index < tree_.module_count(); ++index) {
    const ModuleContribution &module = tree_.module(index);
    const Text name = modules_.names[index];
    const bool added = ForEachText(module, 1, [&](const Text &text) {
      return Add(&softdep, "softdep ") && Add(&softdep, name) && Add(&softdep, " ") && Add(&softdep, text) &&
             Add(&softdep, "\n");
    });
    if (!added) return false;
    const bool added_weak = ForEachText(module, 2, [&](const Text &text) {
      return Add(&weakdep, "weakdep ") && Add(&weakdep, name) && Add(&weakdep, " ") && Add(&weakdep, text) &&
             Add(&weakdep, "\n");
    });
    if (!added_weak) return false;
  }
  return true;
}

bool TreeIndexes::MakeSymbols() {
  const PackedTexts &names = tree_.symbols();
  Column<uint32_t> exported;
  for (std::size_t symbol = 0; symbol < names.count; ++symbol)
    if (graph_.owner(symbol) != kNoOwner && !exported.Add(static_cast<uint32_t>(symbol))) return false;
  if (!SortByHash(names, kSymbolBuckets, &exported)) return false;
  IndexColumns columns;
  if (!Add(&symbols, "# Aliases for symbols, used by symbol_request().\n")) return false;
  for (std::size_t place = 0; place < exported.size(); ++place) {
    const Text symbol = names[exported[place]];
    const uint32_t module = graph_.owner(exported[place]);
    const Text name = modules_.names[module];
    const bool added = Add(&symbols, "alias symbol:") && Add(&symbols, symbol) && Add(&symbols, " ") &&
                       Add(&symbols, name) && Add(&symbols, "\n") && Add(&columns.keys, "symbol:") &&
                       Add(&columns.keys, symbol) && columns.End(name, module);
    if (!added) return false;
  }
  return columns.Encode(limit_, &symbols_bin);
}

} // namespace kmodctl
