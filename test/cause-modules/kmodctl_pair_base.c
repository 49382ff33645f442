// SPDX-License-Identifier: GPL-2.0
/* Of the name and with the symbol of a module in test/modules, and of another type: the versions of the two differ. */
#include <linux/module.h>

long kmodctl_pair_answer(long question);

long kmodctl_pair_answer(long question)
{
	return 42 + question;
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
MODULE_DESCRIPTION("Test module: exports a symbol of another type");
