// SPDX-License-Identifier: GPL-2.0
/* Needs the whole chain, and its init fails: what was loaded for it is not needed then. */
#include <linux/errno.h>
#include <linux/module.h>

int kmodctl_chain_a_answer(void);

static int result = -ENODEV;
module_param(result, int, 0444);

static int __init kmodctl_fail_user_init(void)
{
	return kmodctl_chain_a_answer() > 0 ? result : 0;
}

static void __exit kmodctl_fail_user_exit(void)
{
}

module_init(kmodctl_fail_user_init);
module_exit(kmodctl_fail_user_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: a failing init behind dependencies");
