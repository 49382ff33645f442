// SPDX-License-Identifier: GPL-2.0
/* Needs nothing and has two parameters. Tests make modules of other names of it by putting another letter in the file. */
#include <linux/module.h>

static int value;
module_param(value, int, 0444);

static char *note = "";
module_param(note, charp, 0444);

static int __init kmodctl_leaf_a_init(void)
{
	return 0;
}

static void __exit kmodctl_leaf_a_exit(void)
{
}

module_init(kmodctl_leaf_a_init);
module_exit(kmodctl_leaf_a_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: a leaf of the dependency tree");
MODULE_ALIAS("kmodctl-leaf");
MODULE_ALIAS("kmodctl:v*d[0-4]*");
MODULE_ALIAS("kmodctl_leaf_a-only");
