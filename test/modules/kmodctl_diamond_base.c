// SPDX-License-Identifier: GPL-2.0
/* The lower end of a diamond. */
#include "kmodctl_link.h"

KMODCTL_LINK(kmodctl_diamond_base, 0);
