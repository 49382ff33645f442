// SPDX-License-Identifier: GPL-2.0
/* The top of the chain and of what is beside it. */
#include "kmodctl_step.h"

KMODCTL_NEED(kmodctl_step_b);
KMODCTL_NEED(kmodctl_step_e);

KMODCTL_STEP(kmodctl_step_a, kmodctl_step_b_answer() + kmodctl_step_e_answer());
