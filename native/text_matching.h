#ifndef KMODCTL_TEXT_MATCHING_H
#define KMODCTL_TEXT_MATCHING_H

#include <cstdint>

#include "packed_texts.h"

namespace kmodctl {

constexpr uint32_t kNoMatch = 0xffffffff;

// For each text the number of the first equal one among `others`, or kNoMatch. False without memory.
bool MatchTexts(const PackedTexts &texts, const PackedTexts &others, uint32_t seed, uint32_t *numbers);

} // namespace kmodctl

#endif
