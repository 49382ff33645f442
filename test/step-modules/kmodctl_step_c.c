// SPDX-License-Identifier: GPL-2.0
/* The second of a chain of four. */
#include "kmodctl_step.h"

KMODCTL_NEED(kmodctl_step_d);

KMODCTL_STEP(kmodctl_step_c, kmodctl_step_d_answer());
