// SPDX-License-Identifier: GPL-2.0
/* The lowest of a chain of four. */
#include "kmodctl_step.h"

KMODCTL_STEP(kmodctl_step_d, 0);
