// SPDX-License-Identifier: GPL-2.0
/* Exports a symbol with more characters than the 59 that a symbol of 1995 could have. */
#include <linux/module.h>

int a_symbol_with_a_longer_name_than_the_59_characters_of_struct_kernel_sym(void);

int a_symbol_with_a_longer_name_than_the_59_characters_of_struct_kernel_sym(void)
{
	return 59;
}
EXPORT_SYMBOL_GPL(a_symbol_with_a_longer_name_than_the_59_characters_of_struct_kernel_sym);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: exports a symbol with a long name");
