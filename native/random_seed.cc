#include "random_seed.h"

#include <chrono>
#include <sys/random.h>
#include <unistd.h>

namespace kmodctl {

uint32_t RandomSeed() {
  uint32_t seed;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == sizeof seed) return seed;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return static_cast<uint32_t>(now ^ (now >> 32)) ^ static_cast<uint32_t>(getpid());
}

} // namespace kmodctl
