// SPDX-License-Identifier: GPL-2.0
/* Has more data for each processor than the kernel has room for: 8 KiB are set aside for all modules together. */
#include <linux/module.h>
#include <linux/percpu.h>

struct kmodctl_percpu {
	char bytes[16 * 1024];
};

static DEFINE_PER_CPU(struct kmodctl_percpu, kmodctl_percpu_data);

static int __init kmodctl_percpu_init(void)
{
	this_cpu_write(kmodctl_percpu_data.bytes[0], 1);
	return 0;
}

static void __exit kmodctl_percpu_exit(void)
{
}

module_init(kmodctl_percpu_init);
module_exit(kmodctl_percpu_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: too much data for each processor");
