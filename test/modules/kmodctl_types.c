// SPDX-License-Identifier: GPL-2.0
/* A parameter of every type that the kernel has a word for, arrays too, and one that /sys does not show. */
#include <linux/module.h>

static bool a_bool;
module_param(a_bool, bool, 0444);
static bool an_invbool;
module_param(an_invbool, invbool, 0444);
static unsigned char a_byte = 1;
module_param(a_byte, byte, 0444);
static short a_short = -2;
module_param(a_short, short, 0444);
static unsigned short a_ushort = 3;
module_param(a_ushort, ushort, 0444);
static int an_int = -4;
module_param(an_int, int, 0444);
static unsigned int a_uint = 5;
module_param(a_uint, uint, 0444);
static long a_long = -6;
module_param(a_long, long, 0444);
static unsigned long a_ulong = 7;
module_param(a_ulong, ulong, 0444);
static unsigned long long a_ullong = 8;
module_param(a_ullong, ullong, 0444);
static unsigned int a_hexint = 0xa;
module_param(a_hexint, hexint, 0444);
static char *a_charp = "none";
module_param(a_charp, charp, 0444);
static char a_string[8] = "text";
module_param_string(a_string, a_string, sizeof(a_string), 0444);
static int ints[4] = { 1, 2 };
static int int_count = 2;
module_param_array(ints, int, &int_count, 0444);
static char *texts[3];
static int text_count;
module_param_array(texts, charp, &text_count, 0444);
static bool bools[2];
module_param_array(bools, bool, NULL, 0444);
static int hidden;
module_param(hidden, int, 0);
static int outer = 1;
module_param_named(inner_name, outer, int, 0444);

static int __init kmodctl_types_init(void)
{
	return 0;
}

static void __exit kmodctl_types_exit(void)
{
}

module_init(kmodctl_types_init);
module_exit(kmodctl_types_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: parameters of all types");
