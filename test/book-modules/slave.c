// SPDX-License-Identifier: GPL-2.0
/* There to be loaded on somebody's demand; does nothing. */
#include <linux/module.h>

static int __init slave_init(void)
{
	return 0;
}

static void __exit slave_exit(void)
{
}

module_init(slave_init);
module_exit(slave_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Test module: loaded on demand");
