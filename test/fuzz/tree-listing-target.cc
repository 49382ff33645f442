// libFuzzer's way into what depmod does with names and files before it reads modules: texts found among others, the order
// of kmod's hash table, stamps, and the listing and scan of a folder with anything in it.
#include <algorithm>
#include <cstdio>

#include "../../native/file_stamps.h"
#include "../../native/module_listing.h"
#include "../../native/module_scan.h"
#include "../../native/name_hash.h"
#include "../../native/text_matching.h"
#include "scratch-tree.h"

namespace {

using kmodctl::Column;

void Require(bool condition, const char *what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

void CheckMatching(const std::vector<std::string> &texts, const std::vector<std::string> &others, uint32_t seed) {
  const ExactTexts packed(texts), packed_others(others);
  const ExactArray<uint32_t> memory(std::vector<uint32_t>(texts.size(), 7));
  const uint32_t *const numbers = memory.data();
  Require(kmodctl::MatchTexts(packed.All(), packed_others.All(), seed, memory.data()), "there is memory");
  for (std::size_t index = 0; index < texts.size(); ++index) {
    const auto found = std::find(others.begin(), others.end(), texts[index]);
    const auto place = static_cast<uint32_t>(found - others.begin());
    Require(numbers[index] == (found == others.end() ? kmodctl::kNoMatch : place), "the first equal text");
  }
}

// Names may be there twice; those keep no order.
void CheckHashOrder(const std::vector<std::string> &names, std::size_t buckets) {
  const ExactTexts exact(names);
  const kmodctl::PackedTexts packed = exact.All();
  const auto place = [&](uint32_t number) {
    return std::make_pair(kmodctl::NameHash(packed[number]) % buckets, StringOf(packed[number]));
  };
  std::vector<uint32_t> expected;
  Column<uint32_t> numbers;
  for (uint32_t number = 0; number < names.size(); number += 1 + number % 2) {
    expected.push_back(number);
    numbers.Add(number);
  }
  Require(kmodctl::SortByHash(packed, buckets, &numbers), "there is memory");
  Require(std::is_permutation(expected.begin(), expected.end(), numbers.data()), "the same numbers");
  for (std::size_t index = 1; index < numbers.size(); ++index)
    Require(place(numbers[index - 1]) <= place(numbers[index]), "in order");
}

// A path is cut short where the last NUL is missing; nothing is written behind the stamps.
void CheckStamps(const std::string &paths, std::size_t capacity) {
  const ExactArray<char> exact(paths.data(), paths.size());
  const ExactArray<int64_t> memory(std::vector<int64_t>(capacity * kmodctl::kStampWidth));
  const std::size_t count = kmodctl::StampFiles(exact.data(), paths.size(), memory.data(), capacity);
  const auto complete = static_cast<std::size_t>(std::count(paths.begin(), paths.end(), '\0'));
  Require(count == std::min(complete, capacity), "as many stamps as paths");
}

std::vector<std::string> PathsOf(const Column<uint8_t> &paths) {
  std::vector<std::string> all;
  for (std::size_t place = 0; place < paths.size(); place += all.back().size() + 1)
    all.emplace_back(reinterpret_cast<const char *>(paths.data() + place));
  return all;
}

// Every file is read or left, whatever is in it, and none twice.
void CheckScan(const std::vector<std::string> &paths, const std::vector<uint32_t> &more, unsigned helpers) {
  std::string joined;
  for (const std::string &path : paths) joined += ScratchTree::Root() + "/" + path + '\0';
  std::vector<uint32_t> order;
  for (uint32_t file = 0; file < paths.size(); ++file) order.push_back(file);
  for (const uint32_t file : more)
    if (file >= paths.size()) order.push_back(file); // no file's number
  const ExactArray<uint8_t> exact(reinterpret_cast<const uint8_t *>(joined.data()), joined.size());
  const std::unique_ptr<kmodctl::ModuleScan> scan(
      kmodctl::ModuleScan::Start(exact.data(), joined.size(), order.data(), order.size(), helpers, false));
  Require(scan != nullptr, "there is memory");
  while (scan->Step(1) < scan->total()) {
  }
  Require(!scan->failed() && scan->Merge(), "there is memory");
  std::vector<uint32_t> files;
  for (std::size_t share = 0; share < scan->share_count(); ++share) {
    const auto &left = scan->share(share).left;
    const auto &rows = scan->share(share).reader.columns().rows;
    for (std::size_t index = 0; index < left.size(); ++index) files.push_back(left[index]);
    for (std::size_t row = 0; row < rows.size(); row += kmodctl::kRowWidth) files.push_back(rows[row]);
  }
  order.resize(paths.size());
  Require(files.size() == order.size() && std::is_permutation(order.begin(), order.end(), files.begin()), "all files");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size) {
  InputReader input(data, size);
  const uint8_t helpers = input.Byte() % 4;
  const uint8_t seed = input.Byte();
  const std::size_t buckets = std::size_t{1} << (input.Byte() % 12);
  input.ReadPool();
  const std::vector<std::string> texts = input.Texts(32), others = input.Texts(32);
  CheckMatching(texts, others, seed);
  CheckHashOrder(texts, buckets);
  const std::string paths = input.Bytes(256);
  CheckStamps(paths, input.Byte() % 16);

  const std::vector<std::string> endings = input.Texts(5), excluded = input.Texts(5);
  const std::vector<uint32_t> more = input.Words();
  const ScratchTree tree(&input);
  PlainWalk walk(endings, excluded);
  const ExactTexts exact_endings(endings), exact_excluded(excluded);
  const kmodctl::PackedTexts packed_endings = exact_endings.All(), packed_excluded = exact_excluded.All();
  kmodctl::ModuleListing listing(packed_endings, packed_excluded);
  const bool is_usual = walk.Add();
  Require(listing.AddFolder(ScratchTree::Root().c_str()) == is_usual, "what is usual is listed, and only that");
  if (!is_usual) return 0;
  Require(PathsOf(listing.paths) == walk.paths, "the modules in their order");
  Require(listing.stamps.size() == walk.paths.size() * kmodctl::kStampWidth, "a stamp for each");
  CheckScan(walk.paths, more, helpers);
  return 0;
}
