// SPDX-License-Identifier: GPL-2.0
/* The end of a chain of four. */
#include "kmodctl_link.h"

KMODCTL_LINK(kmodctl_chain_d, 0);
