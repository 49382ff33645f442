// SPDX-License-Identifier: GPL-2.0
/* Has more data than a small guest has memory. */
#include <linux/module.h>

static char kmodctl_huge_data[0x30000000];

static int __init kmodctl_huge_init(void)
{
	WRITE_ONCE(kmodctl_huge_data[0], 1);
	return READ_ONCE(kmodctl_huge_data[0]) == 1 ? 0 : -EIO;
}

static void __exit kmodctl_huge_exit(void)
{
}

module_init(kmodctl_huge_init);
module_exit(kmodctl_huge_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: too much data");
