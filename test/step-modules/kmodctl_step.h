/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test modules that need each other, one file for each. The word behind the mark in `fate` is what init returns: tests put
 * another one into the file.
 */
#include <linux/init.h>
#include <linux/module.h>

#define KMODCTL_NEED(name) int name##_answer(void)

#define KMODCTL_STEP(name, sum)                                                                    \
	static volatile int fate[2] = { 0x4b4d4f44, 0 };                                           \
	static int value;                                                                          \
	module_param(value, int, 0644);                                                            \
	int name##_answer(void);                                                                   \
	int name##_answer(void)                                                                    \
	{                                                                                          \
		return 1 + (sum);                                                                  \
	}                                                                                          \
	EXPORT_SYMBOL_GPL(name##_answer);                                                          \
	static int __init name##_init(void)                                                        \
	{                                                                                          \
		return name##_answer() > 0 ? fate[1] : fate[0];                                    \
	}                                                                                          \
	static void __exit name##_exit(void)                                                       \
	{                                                                                          \
	}                                                                                          \
	module_init(name##_init);                                                                  \
	module_exit(name##_exit);                                                                  \
	MODULE_LICENSE("GPL");                                                                     \
	MODULE_DESCRIPTION("Test module: a step of a load")
