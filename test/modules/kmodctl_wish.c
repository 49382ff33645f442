// SPDX-License-Identifier: GPL-2.0
/* Names modules that it wants before and after it, without needing them. */
#include <linux/module.h>

static int __init kmodctl_wish_init(void)
{
	return 0;
}

static void __exit kmodctl_wish_exit(void)
{
}

module_init(kmodctl_wish_init);
module_exit(kmodctl_wish_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: soft dependencies");
MODULE_SOFTDEP("pre: kmodctl_leaf_a kmodctl_leaf_b post: kmodctl_leaf_c");
