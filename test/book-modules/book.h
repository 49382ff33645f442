/* SPDX-License-Identifier: GPL-2.0 */
/* What the modules of the book share: declarations of each other's symbols, and an init and exit that do nothing. */
#ifndef KMODCTL_BOOK_H
#define KMODCTL_BOOK_H

#include <linux/module.h>

extern const char ime_string[];
extern const int ime_plain;
void ime_function(const char *who);

#define BOOK_QUIET_MODULE                    \
	static int __init quiet_init(void)   \
	{                                    \
		return 0;                    \
	}                                    \
	static void __exit quiet_exit(void)  \
	{                                    \
	}                                    \
	module_init(quiet_init);             \
	module_exit(quiet_exit)

#endif
