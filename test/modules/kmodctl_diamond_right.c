// SPDX-License-Identifier: GPL-2.0
/* The other side of a diamond. */
#include "kmodctl_link.h"

KMODCTL_NEED(kmodctl_diamond_base);

KMODCTL_LINK(kmodctl_diamond_right, kmodctl_diamond_base_answer());
