// SPDX-License-Identifier: GPL-2.0
/* Parameters of each common kind, readable and writable below /sys/module/kmodctl_params/parameters. */
#include <linux/kernel.h>
#include <linux/module.h>

static int number = 42;
module_param(number, int, 0644);
MODULE_PARM_DESC(number, "A whole number");

static bool enabled;
module_param(enabled, bool, 0644);
MODULE_PARM_DESC(enabled, "A switch");

static char *label = "none";
module_param(label, charp, 0644);
MODULE_PARM_DESC(label, "A text");

static int list[4] = { 1, 2, 3, 4 };
static int list_count = 4;
module_param_array(list, int, &list_count, 0644);
MODULE_PARM_DESC(list, "Up to four whole numbers");

static int __init kmodctl_params_init(void)
{
	pr_info("kmodctl_params: number=%d enabled=%d label=%s list_count=%d\n",
		number, enabled, label, list_count);
	return 0;
}

static void __exit kmodctl_params_exit(void)
{
}

module_init(kmodctl_params_init);
module_exit(kmodctl_params_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: parameters");
MODULE_AUTHOR("kmodctl");
MODULE_VERSION("1.2.3");
MODULE_ALIAS("kmodctl-test-params");
