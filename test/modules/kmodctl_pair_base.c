// SPDX-License-Identifier: GPL-2.0
/* The lower half of a dependency: exports what kmodctl_pair_user calls. */
#include <linux/module.h>

int kmodctl_pair_answer(void);

int kmodctl_pair_answer(void)
{
	return 42;
}
EXPORT_SYMBOL_GPL(kmodctl_pair_answer);

static int __init kmodctl_pair_base_init(void)
{
	return 0;
}

static void __exit kmodctl_pair_base_exit(void)
{
}

module_init(kmodctl_pair_base_init);
module_exit(kmodctl_pair_base_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: exports a symbol");
