// SPDX-License-Identifier: GPL-2.0
/* Does nothing, as cheaply as a module can: for measuring what a load and an unload cost. */
#include <linux/module.h>

static int __init kmodctl_small_init(void)
{
	return 0;
}

static void __exit kmodctl_small_exit(void)
{
}

module_init(kmodctl_small_init);
module_exit(kmodctl_small_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: empty");
