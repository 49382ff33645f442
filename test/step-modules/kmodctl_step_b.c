// SPDX-License-Identifier: GPL-2.0
/* The third of a chain of four. */
#include "kmodctl_step.h"

KMODCTL_NEED(kmodctl_step_c);

KMODCTL_STEP(kmodctl_step_b, kmodctl_step_c_answer());
