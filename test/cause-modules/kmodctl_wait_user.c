// SPDX-License-Identifier: GPL-2.0
/* Needs the symbol of kmodctl_wait_base. */
#include <linux/module.h>

int kmodctl_wait_answer(void);

static int __init kmodctl_wait_user_init(void)
{
	return kmodctl_wait_answer() == 42 ? 0 : -EIO;
}

static void __exit kmodctl_wait_user_exit(void)
{
}

module_init(kmodctl_wait_user_init);
module_exit(kmodctl_wait_user_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: needs kmodctl_wait_base");
