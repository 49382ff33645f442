// SPDX-License-Identifier: GPL-2.0
/* Asks for two modules while it is loaded: one that there is, and one that there is not. */
#include <linux/kmod.h>

#include "book.h"

static int __init master_init(void)
{
	int there = request_module("slave");
	int missing = request_module("nonexistent");

	pr_info("master: loading results are %i, %i\n", there, missing);
	return 0;
}

static void __exit master_exit(void)
{
}

module_init(master_init);
module_exit(master_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The book's example: asks for other modules");
