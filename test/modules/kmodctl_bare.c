// SPDX-License-Identifier: GPL-2.0
/* No code at all, so nothing to patch and no page to make executable: the quickest load and unload that there is. */
#include <linux/module.h>

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: nothing");
