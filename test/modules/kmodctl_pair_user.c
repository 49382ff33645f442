// SPDX-License-Identifier: GPL-2.0
/* The upper half of a dependency: cannot be loaded before kmodctl_pair_base. */
#include <linux/kernel.h>
#include <linux/module.h>

int kmodctl_pair_answer(void);

static int __init kmodctl_pair_user_init(void)
{
	pr_info("kmodctl_pair_user: the answer is %d\n", kmodctl_pair_answer());
	return 0;
}

static void __exit kmodctl_pair_user_exit(void)
{
}

module_init(kmodctl_pair_user_init);
module_exit(kmodctl_pair_user_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: needs a symbol of another one");
