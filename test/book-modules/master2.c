// SPDX-License-Identifier: GPL-2.0
/*
 * Uses inter without depending on it: the string is asked for with a request for a module, the function is only looked up.
 * Both stay in use until this module goes.
 */
#include <linux/kmod.h>

#include "book.h"

static const char *string;
static void (*function)(const char *who);

static int __init master2_init(void)
{
	string = (const char *)symbol_request(ime_string);
	if (!string) {
		pr_info("master: nobody has ime_string\n");
		return -ENOENT;
	}
	pr_info("master: inter says '%s'\n", string);
	function = symbol_get(ime_function);
	if (function)
		function("master");
	if (!symbol_get(ime_plain))
		pr_info("master: ime_plain is not to be had by name\n");
	return 0;
}

static void __exit master2_exit(void)
{
	if (function)
		symbol_put(ime_function);
	symbol_put(ime_string);
}

module_init(master2_init);
module_exit(master2_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The book's example: uses another module by name");
