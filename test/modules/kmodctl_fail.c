// SPDX-License-Identifier: GPL-2.0
/*
 * Its init returns what it is told to. Besides errnos, values that no errno has are of interest: -517 (the kernel's
 * internal EPROBE_DEFER), -5000 (beyond all errnos) and positive ones, with which the module stays loaded.
 */
#include <linux/errno.h>
#include <linux/module.h>

static int result = -EIO;
module_param(result, int, 0444);
MODULE_PARM_DESC(result, "What init returns");

static int __init kmodctl_fail_init(void)
{
	return result;
}

static void __exit kmodctl_fail_exit(void)
{
}

module_init(kmodctl_fail_init);
module_exit(kmodctl_fail_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: init returns any value");
