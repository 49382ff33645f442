// SPDX-License-Identifier: GPL-2.0
/* Has a string and a function for modules that find them by name at run time, and a number that is not for all of them. */
#include "book.h"

const char ime_string[] = "Hello World";
EXPORT_SYMBOL_GPL(ime_string);

const int ime_plain = 1;
EXPORT_SYMBOL(ime_plain);

void ime_function(const char *who)
{
	pr_info("inter: ime_function called by %s\n", who);
}
EXPORT_SYMBOL_GPL(ime_function);

BOOK_QUIET_MODULE;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The book's example: is used by name");
