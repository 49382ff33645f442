#include "text_matching.h"

#include "symbol_names.h"

namespace kmodctl {

bool MatchTexts(const PackedTexts &texts, const PackedTexts &others, uint32_t seed, uint32_t *numbers) {
  SymbolNames known(seed);
  Column<uint32_t> first; // for each different text, where it is first among the others
  uint32_t number;
  for (std::size_t index = 0; index < others.count; ++index) {
    if (!known.Intern(others[index].bytes, others[index].length, &number)) return false;
    if (number == first.size() && !first.Add(static_cast<uint32_t>(index))) return false;
  }
  for (std::size_t index = 0; index < texts.count; ++index) {
    if (!known.Intern(texts[index].bytes, texts[index].length, &number)) return false;
    numbers[index] = number < first.size() ? first[number] : kNoMatch;
  }
  return true;
}

} // namespace kmodctl
