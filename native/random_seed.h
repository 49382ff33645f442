#ifndef KMODCTL_RANDOM_SEED_H
#define KMODCTL_RANDOM_SEED_H

#include <cstdint>

namespace kmodctl {

// For hash tables: nobody can know it beforehand. Never waits.
uint32_t RandomSeed();

} // namespace kmodctl

#endif
