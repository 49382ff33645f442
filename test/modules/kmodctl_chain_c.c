// SPDX-License-Identifier: GPL-2.0
/* The third of a chain of four. */
#include "kmodctl_link.h"

KMODCTL_NEED(kmodctl_chain_d);

KMODCTL_LINK(kmodctl_chain_c, kmodctl_chain_d_answer());
