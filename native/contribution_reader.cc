#include "contribution_reader.h"

#include <cstring>

namespace kmodctl {

namespace {

constexpr uint64_t kSymbolSize = 24;
constexpr uint64_t kVersionSize = 64;
constexpr uint64_t kLargestGap = 32 << 10;
constexpr uint64_t kLongestName = 1024; // of a symbol: many may begin within one endless name
constexpr uint32_t kUndefined = 0;
constexpr uint32_t kAbsolute = 0xfff1;
constexpr uint32_t kNoBits = 8;
constexpr uint32_t kWeak = 2;
constexpr uint16_t kSparc = 2;
constexpr uint16_t kSparcV9 = 43;
constexpr uint64_t kMachineOffset = 18;

constexpr char kCrcPrefix[] = "__crc_";
constexpr std::size_t kCrcPrefixLength = sizeof kCrcPrefix - 1;
constexpr char kEntryPrefix[] = "__ksymtab_";
constexpr std::size_t kEntryPrefixLength = sizeof kEntryPrefix - 1;

struct TextKey {
  const char *key;
  std::size_t length;
};
constexpr TextKey kTextKeys[kTextKinds] = {{"alias", 5}, {"softdep", 7}, {"weakdep", 7}};

// Neighbours are read at once.
void GetTogether(ModuleParts *parts, const FileRange &one, const FileRange &other) {
  if (one.size == 0 || other.size == 0) return;
  const uint64_t start = one.offset < other.offset ? one.offset : other.offset;
  const uint64_t one_end = one.offset + one.size;
  const uint64_t other_end = other.offset + other.size;
  const uint64_t end = one_end > other_end ? one_end : other_end;
  if (end - start <= one.size + other.size + kLargestGap) (void)parts->Get(start, end - start);
}

bool HasPrefix(const uint8_t *text, std::size_t length, const char *prefix, std::size_t prefix_length) {
  return length >= prefix_length && std::memcmp(text, prefix, prefix_length) == 0;
}

} // namespace

bool ContributionReader::ReadFile(int fd, uint64_t size, uint32_t file) {
  parts_.UseFile(fd, size);
  return Read(file);
}

bool ContributionReader::ReadImage(const uint8_t *image, std::size_t size, uint32_t file) {
  parts_.UseImage(image, size);
  return Read(file);
}

bool ContributionReader::Read(uint32_t file) {
  if (!IsLittleEndianMachine() || module_ == UINT32_MAX) return false;
  ++module_;
  entry_count_ = 0;
  versions_.Shrink(0);
  columns_.Begin();
  if (FindModuleSections(&parts_, &sections_)) {
    GetTogether(&parts_, sections_.modinfo, sections_.versions);
    GetTogether(&parts_, sections_.symbols, sections_.symbol_names);
    if (ReadModinfo() && ReadVersions() && ReadSymbols() && ReadExportNames()) {
      bool added = true;
      // What only the versions name, for example module_layout.
      for (std::size_t index = 0; index < versions_.size() && added; ++index) {
        const uint32_t symbol = versions_[index];
        if (marks_[symbol].needed != module_) added = columns_.AddNeed(symbol, marks_[symbol].crc, 0);
      }
      if (added && columns_.Commit(file)) return true;
    }
  }
  columns_.Begin();
  return false;
}

// A NUL ends each string, and the section.
bool ContributionReader::ReadModinfo() {
  const FileRange &range = sections_.modinfo;
  if (range.size == 0) return true;
  const uint8_t *text = parts_.Get(range.offset, range.size);
  if (text == nullptr || text[range.size - 1] != 0) return false;
  const uint8_t *const end = text + range.size;
  while (text < end) {
    const auto *nul = static_cast<const uint8_t *>(std::memchr(text, 0, static_cast<std::size_t>(end - text)));
    const auto length = static_cast<std::size_t>(nul - text);
    for (std::size_t kind = 0; kind < kTextKinds; ++kind) {
      const TextKey &key = kTextKeys[kind];
      if (!HasPrefix(text, length, key.key, key.length)) continue;
      if (length == key.length) return false; // a key without a value
      if (text[key.length] != '=') continue;
      if (!columns_.AddText(kind, text + key.length + 1, length - key.length - 1)) return false;
    }
    text = nul + 1;
  }
  return true;
}

bool ContributionReader::ReadVersions() {
  const FileRange &range = sections_.versions;
  if (range.size == 0) return true;
  if (range.size % kVersionSize != 0) return false;
  const uint8_t *record = parts_.Get(range.offset, range.size);
  if (record == nullptr) return false;
  for (const uint8_t *const end = record + range.size; record < end; record += kVersionSize) {
    const auto *name = record + 8;
    const auto *nul = static_cast<const uint8_t *>(std::memchr(name, 0, kVersionSize - 8));
    uint32_t symbol;
    if (nul == nullptr || !Intern(name, static_cast<std::size_t>(nul - name), &symbol)) return false;
    Marks &marks = marks_[symbol];
    if (marks.versioned == module_) return false; // two versions of one symbol
    marks.versioned = module_;
    marks.crc = Load32(record);
    if (!versions_.Add(symbol)) return false;
  }
  return true;
}

bool ContributionReader::ReadSymbols() {
  const FileRange &symbols = sections_.symbols;
  const FileRange &strings = sections_.symbol_names;
  const uint8_t *header = parts_.Get(0, kMachineOffset + 2);
  if (header == nullptr || symbols.size == 0 || strings.size == 0 || symbols.size % kSymbolSize != 0) return false;
  const uint16_t machine = Load16(header + kMachineOffset);
  if (machine == kSparc || machine == kSparcV9) return false;
  const uint8_t *symbol = parts_.Get(symbols.offset, symbols.size);
  const uint8_t *names = parts_.Get(strings.offset, strings.size);
  if (symbol == nullptr || names == nullptr || names[strings.size - 1] != 0) return false;
  const uint8_t *const end = symbol + symbols.size;
  for (symbol += kSymbolSize; symbol < end; symbol += kSymbolSize) {
    const uint32_t offset = Load32(symbol);
    if (offset >= strings.size) return false;
    const uint8_t *name = names + offset;
    const bool is_undefined = Load16(symbol + 6) == kUndefined;
    // Of the defined symbols only those matter that begin with "__".
    if (*name == 0 || (!is_undefined && (name[0] != '_' || name[1] != '_'))) continue;
    const uint64_t room = strings.size - offset;
    const auto limit = static_cast<std::size_t>(room < kLongestName ? room : kLongestName);
    const auto *nul = static_cast<const uint8_t *>(std::memchr(name, 0, limit));
    if (nul == nullptr) return false;
    const auto length = static_cast<std::size_t>(nul - name);
    if (HasPrefix(name, length, kCrcPrefix, kCrcPrefixLength)) {
      if (is_undefined || !AddExport(name + kCrcPrefixLength, length - kCrcPrefixLength, symbol)) return false;
    } else if (is_undefined) {
      if (!AddNeed(name, length, symbol[4] >> 4 == kWeak ? 1 : 0)) return false;
    } else if (HasPrefix(name, length, kEntryPrefix, kEntryPrefixLength)) {
      ++entry_count_;
    }
  }
  return true;
}

bool ContributionReader::AddNeed(const uint8_t *name, std::size_t length, uint8_t weak) {
  uint32_t symbol;
  if (!Intern(name, length, &symbol)) return false;
  Marks &marks = marks_[symbol];
  marks.needed = module_;
  return columns_.AddNeed(symbol, marks.versioned == module_ ? marks.crc : 0, weak);
}

// The CRC is the symbol's value, or what stands at its place.
bool ContributionReader::AddExport(const uint8_t *name, std::size_t length, const uint8_t *symbol) {
  const uint32_t section = Load16(symbol + 6);
  const uint64_t value = Load64(symbol + 8);
  if (value > UINT32_MAX) return false;
  auto crc = static_cast<uint32_t>(value);
  if (section != kAbsolute) {
    if (section >= sections_.count) return false;
    const SectionHeader header = ReadSectionHeader(sections_, section);
    if (header.type == kNoBits || value + 4 > header.size) return false;
    const uint8_t *data = parts_.Get(header.offset, header.size);
    if (data == nullptr) return false;
    crc = Load32(data + value);
  }
  uint32_t number;
  return Intern(name, length, &number) && columns_.AddExport(number, crc);
}

// A module without any CRC exports what its section of names says. One with fewer CRCs than entries in the export table
// is unusual.
bool ContributionReader::ReadExportNames() {
  const FileRange &range = sections_.export_names;
  const std::size_t with_crc = columns_.export_count();
  if (with_crc > 0 || range.size == 0) return compat_ || entry_count_ <= with_crc;
  const uint8_t *name = parts_.Get(range.offset, range.size);
  if (name == nullptr || name[range.size - 1] != 0) return false;
  for (const uint8_t *const end = name + range.size; name < end;) {
    const std::size_t length = std::strlen(reinterpret_cast<const char *>(name));
    uint32_t symbol;
    if (length > 0 && (!Intern(name, length, &symbol) || !columns_.AddExport(symbol, 0))) return false;
    name += length + 1;
  }
  return true;
}

bool ContributionReader::Intern(const uint8_t *name, std::size_t length, uint32_t *symbol) {
  return names_.Intern(name, length, symbol) && marks_.Resize(names_.size());
}

} // namespace kmodctl
