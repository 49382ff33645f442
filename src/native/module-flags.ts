/** Flags of the module system calls (include/uapi/linux/module.h and delete_module(2)). */

/** finit_module: do not check symbol versions. The module counts as unsigned then and taints the kernel (F). */
export const MODULE_INIT_IGNORE_MODVERSIONS = 1;
/** finit_module: do not check the version magic. The module counts as unsigned then and taints the kernel (F). */
export const MODULE_INIT_IGNORE_VERMAGIC = 2;
/** finit_module: the file is compressed; the kernel unpacks it (Linux 5.17, CONFIG_MODULE_DECOMPRESS). */
export const MODULE_INIT_COMPRESSED_FILE = 4;

/** delete_module: ignored since Linux 3.13, where the call never waits; passed for older kernels. */
export const O_NONBLOCK = 0o4000;
/** delete_module: unload even when in use or without exit (CONFIG_MODULE_FORCE_UNLOAD). Dangerous; taints (R). */
export const O_TRUNC = 0o1000;
