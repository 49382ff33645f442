// SPDX-License-Identifier: GPL-2.0
/* Exports a symbol, and takes its time in init: who needs it meanwhile has to wait. */
#include <linux/delay.h>
#include <linux/module.h>

int kmodctl_wait_answer(void);

static unsigned int init_ms;
module_param(init_ms, uint, 0444);
MODULE_PARM_DESC(init_ms, "Milliseconds that init sleeps");

int kmodctl_wait_answer(void)
{
	return 42;
}
EXPORT_SYMBOL_GPL(kmodctl_wait_answer);

static int __init kmodctl_wait_base_init(void)
{
	/* In small steps: the kernel complains of tasks that do nothing for two minutes. */
	for (; init_ms > 1000; init_ms -= 1000)
		msleep(1000);
	msleep(init_ms);
	return 0;
}

static void __exit kmodctl_wait_base_exit(void)
{
}

module_init(kmodctl_wait_base_init);
module_exit(kmodctl_wait_base_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: exports a symbol before its init has ended");
