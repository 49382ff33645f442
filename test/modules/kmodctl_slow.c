// SPDX-License-Identifier: GPL-2.0
/* Takes its time, so that what happens during a load or an unload can be observed. The sleeps cannot be killed. */
#include <linux/delay.h>
#include <linux/module.h>

static unsigned int init_ms = 500;
module_param(init_ms, uint, 0444);
MODULE_PARM_DESC(init_ms, "Milliseconds that init sleeps");

static unsigned int exit_ms;
module_param(exit_ms, uint, 0644);
MODULE_PARM_DESC(exit_ms, "Milliseconds that exit sleeps");

static int __init kmodctl_slow_init(void)
{
	if (init_ms)
		msleep(init_ms);
	return 0;
}

static void __exit kmodctl_slow_exit(void)
{
	if (exit_ms)
		msleep(exit_ms);
}

module_init(kmodctl_slow_init);
module_exit(kmodctl_slow_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: slow init and exit");
