// SPDX-License-Identifier: GPL-2.0
/* The upper end of a diamond: two modules that need the same third one. */
#include "kmodctl_link.h"

KMODCTL_NEED(kmodctl_diamond_left);
KMODCTL_NEED(kmodctl_diamond_right);

KMODCTL_LINK(kmodctl_diamond_top, kmodctl_diamond_left_answer() + kmodctl_diamond_right_answer());
