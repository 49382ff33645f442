// SPDX-License-Identifier: GPL-2.0
/* Asks the module export for a sum, and tells. */
#include <linux/kernel.h>
#include <linux/module.h>

int export_function(int i, int j);

static int __init import_init(void)
{
	pr_info("import: my mate tells that 2+2 = %d\n", export_function(2, 2));
	return 0;
}

static void __exit import_exit(void)
{
}

module_init(import_init);
module_exit(import_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Test module: uses the function of export");
