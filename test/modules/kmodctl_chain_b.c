// SPDX-License-Identifier: GPL-2.0
/* The second of a chain of four. */
#include "kmodctl_link.h"

KMODCTL_NEED(kmodctl_chain_c);

KMODCTL_LINK(kmodctl_chain_b, kmodctl_chain_c_answer());
