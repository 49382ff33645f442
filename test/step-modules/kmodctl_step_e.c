// SPDX-License-Identifier: GPL-2.0
/* Beside the chain. */
#include "kmodctl_step.h"

KMODCTL_STEP(kmodctl_step_e, 0);
