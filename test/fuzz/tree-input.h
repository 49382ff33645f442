// A tree of modules out of a fuzzer's input, and the columns that the indexes are made from. See tree-input.ts.
#ifndef KMODCTL_FUZZ_TREE_INPUT_H
#define KMODCTL_FUZZ_TREE_INPUT_H

#include <map>

#include "../../native/tree_contributions.h"
#include "input-reader.h"

// What one file contributes.
struct InputModule {
  std::string name;
  std::string path;
  uint8_t part; // kUnread: the file could not be read
  std::vector<std::string> exports;
  std::vector<std::string> needs;
  std::vector<std::string> texts[kmodctl::kTextKinds];
};

constexpr uint8_t kUnread = 0xff;

inline InputModule ReadModule(InputReader *input) {
  InputModule module;
  module.name = input->Text();
  module.path = input->Text();
  module.part = input->Byte();
  module.exports = input->Texts(8);
  module.needs = input->Texts(8);
  for (auto &texts : module.texts) {
    texts = input->Texts(5);
    // A text ends at its NUL.
    for (std::string &text : texts) text.resize(std::strlen(text.c_str()));
  }
  return module;
}

// Columns in memory of their own.
class InputPart {
public:
  struct Columns {
    std::vector<uint32_t> rows, exports, needs;
    std::string texts[kmodctl::kTextKinds];
  };

  InputPart(const Columns &columns, const kmodctl::PackedTexts &names)
      : rows_(columns.rows), exports_(columns.exports), needs_(columns.needs), names_(names) {
    for (const std::string &texts : columns.texts)
      texts_.emplace_back(reinterpret_cast<const uint8_t *>(texts.data()), texts.size());
  }

  kmodctl::ContributionPart View() const {
    return {rows_.span(), exports_.span(), needs_.span(), {texts_[0].span(), texts_[1].span(), texts_[2].span()}, names_};
  }

private:
  ExactArray<uint32_t> rows_, exports_, needs_;
  std::vector<ExactArray<uint8_t>> texts_;
  kmodctl::PackedTexts names_;
};

// All parts of a tree, with what they refer to.
struct InputParts {
  std::vector<std::unique_ptr<ExactTexts>> names;
  std::vector<std::unique_ptr<InputPart>> parts;

  std::vector<kmodctl::ContributionPart> Views() const {
    std::vector<kmodctl::ContributionPart> views;
    for (const auto &part : parts) views.push_back(part->View());
    return views;
  }
};

// Numbers for names in the order of their first appearance.
class NameNumbers {
public:
  uint32_t operator()(const std::string &name) {
    const auto added = numbers_.emplace(name, static_cast<uint32_t>(names.size()));
    if (added.second) names.push_back(name);
    return added.first->second;
  }
  std::vector<std::string> names;

private:
  std::map<std::string, uint32_t> numbers_;
};

inline void AddModule(const InputModule &module, uint32_t file, NameNumbers *numbers, InputPart::Columns *columns) {
  columns->rows.push_back(file);
  columns->rows.push_back(static_cast<uint32_t>(module.exports.size()));
  columns->rows.push_back(static_cast<uint32_t>(module.needs.size()));
  for (const std::string &name : module.exports) columns->exports.push_back((*numbers)(name));
  for (const std::string &name : module.needs) columns->needs.push_back((*numbers)(name));
  for (std::size_t kind = 0; kind < kmodctl::kTextKinds; ++kind) {
    columns->rows.push_back(static_cast<uint32_t>(module.texts[kind].size()));
    for (const std::string &text : module.texts[kind]) columns->texts[kind].append(text.c_str(), text.size() + 1);
  }
}

// The modules in `count` parts, with common names or with names of their own.
inline InputParts PartsOf(const std::vector<InputModule> &modules, std::size_t count, bool share_names) {
  std::vector<NameNumbers> numbers(share_names ? 1 : count);
  std::vector<InputPart::Columns> columns(count);
  for (std::size_t index = 0; index < modules.size(); ++index) {
    const InputModule &module = modules[index];
    if (module.part == kUnread) continue;
    const std::size_t part = module.part % count;
    AddModule(module, static_cast<uint32_t>(index), &numbers[share_names ? 0 : part], &columns[part]);
  }
  InputParts parts;
  for (const NameNumbers &each : numbers) parts.names.push_back(std::make_unique<ExactTexts>(each.names));
  for (std::size_t part = 0; part < count; ++part)
    parts.parts.push_back(
        std::make_unique<InputPart>(columns[part], parts.names[share_names ? 0 : part]->All()));
  return parts;
}

// Columns that need not fit together. Parts may have their names in the same memory, but not as many of them.
inline InputParts ReadRawParts(InputReader *input, std::size_t count) {
  InputParts parts;
  for (std::size_t part = 0; part < count; ++part) {
    const uint8_t names = input->Byte();
    if (part == 0 || names < 0x80) parts.names.push_back(std::make_unique<ExactTexts>(input->Texts(64)));
    InputPart::Columns columns;
    columns.rows = input->Words();
    columns.exports = input->Words();
    columns.needs = input->Words();
    for (std::string &texts : columns.texts) texts = input->Bytes(256);
    parts.parts.push_back(std::make_unique<InputPart>(columns, parts.names.back()->First(names & 0x7f)));
  }
  return parts;
}

#endif
