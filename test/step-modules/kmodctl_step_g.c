// SPDX-License-Identifier: GPL-2.0
/* A top whose init fails in some tests. */
#include "kmodctl_step.h"

KMODCTL_NEED(kmodctl_step_b);

KMODCTL_STEP(kmodctl_step_g, kmodctl_step_b_answer());
