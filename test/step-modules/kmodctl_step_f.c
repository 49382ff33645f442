// SPDX-License-Identifier: GPL-2.0
/* Another top. */
#include "kmodctl_step.h"

KMODCTL_NEED(kmodctl_step_c);
KMODCTL_NEED(kmodctl_step_e);

KMODCTL_STEP(kmodctl_step_f, kmodctl_step_c_answer() + kmodctl_step_e_answer());
