// SPDX-License-Identifier: GPL-2.0
/* The first of a chain of four: needs all others, one by one. */
#include "kmodctl_link.h"

KMODCTL_NEED(kmodctl_chain_b);

KMODCTL_LINK(kmodctl_chain_a, kmodctl_chain_b_answer());
