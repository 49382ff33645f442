// SPDX-License-Identifier: GPL-2.0
/* Has an init but no exit function, which makes it permanent: the kernel refuses to unload it. */
#include <linux/module.h>

static int __init kmodctl_noexit_init(void)
{
	return 0;
}

module_init(kmodctl_noexit_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: cannot be unloaded");
