// SPDX-License-Identifier: GPL-2.0
/* Ruins the kernel during init, on request: for tests of how that is noticed from outside. */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

static char *action = "none";
module_param(action, charp, 0444);
MODULE_PARM_DESC(action, "panic | oops | hang");

static int __init kmodctl_panic_init(void)
{
	if (!strcmp(action, "panic"))
		panic("kmodctl_panic: asked for");
	if (!strcmp(action, "oops"))
		/* Volatile, lest the compiler drop a write that it can prove wrong. */
		*(volatile int *)8 = 0;
	if (!strcmp(action, "hang")) {
		/* With interrupts off nothing else runs on this processor any more, not even a timer. */
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	return -EINVAL;
}

static void __exit kmodctl_panic_exit(void)
{
}

module_init(kmodctl_panic_init);
module_exit(kmodctl_panic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: panic, oops or hang in init");
