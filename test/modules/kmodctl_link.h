/* SPDX-License-Identifier: GPL-2.0 */
/* Test modules that need each other: each one exports NAME_answer() and may call those of others. */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

#define KMODCTL_NEED(name) int name##_answer(void)

#define KMODCTL_LINK(name, sum)                                                                    \
	int name##_answer(void);                                                                   \
	int name##_answer(void)                                                                    \
	{                                                                                          \
		return 1 + (sum);                                                                  \
	}                                                                                          \
	EXPORT_SYMBOL_GPL(name##_answer);                                                          \
	static int __init name##_init(void)                                                        \
	{                                                                                          \
		pr_info(#name ": %d\n", name##_answer());                                          \
		return 0;                                                                          \
	}                                                                                          \
	static void __exit name##_exit(void)                                                       \
	{                                                                                          \
	}                                                                                          \
	module_init(name##_init);                                                                  \
	module_exit(name##_exit);                                                                  \
	MODULE_LICENSE("GPL");                                                                     \
	MODULE_DESCRIPTION("Test module: needs and is needed")
