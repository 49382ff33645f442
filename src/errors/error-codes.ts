/**
 * This package's own error codes. Errors that are plainly an answer of the kernel keep the errno's name as their
 * `code` (`EEXIST`, `ENOKEY`); these codes are for failures that an errno does not describe, or describes badly.
 */
export const errorCodes = {
  ERR_KMOD_NO_MODULE_SUPPORT: 'The running kernel was built without loadable modules (CONFIG_MODULES=n).',
  ERR_KMOD_NO_UNLOAD_SUPPORT: 'The running kernel cannot unload modules (CONFIG_MODULE_UNLOAD=n).',
  ERR_KMOD_PLATFORM: 'Module system calls exist on Linux only; reading files works everywhere.',
  ERR_KMOD_NATIVE_LOAD: 'The compiled addon could not be found or loaded.',
  ERR_KMOD_PARAMETERS: 'A module parameter string is not one that the kernel can take.',
  ERR_KMOD_IMAGE: 'A module image is not one that can be handed to the kernel.',
  ERR_KMOD_INDEX_CORRUPT: 'A modules.* index file is damaged or of an unknown version.',
  ERR_KMOD_INDEX_MISSING: 'The module directory or its indexes are missing; depmod has to be run.',
  ERR_KMOD_INDEX_UNREADABLE: 'A modules.* index file exists but cannot be read.',
  ERR_KMOD_MODULE_FILE: 'A module file is missing, unreadable or too short to be one.',
  ERR_KMOD_MODULE_CORRUPT: 'A module file is not a sound ELF file; the message names offset and field.',
  ERR_KMOD_COMPRESSED_DATA: 'The compressed data of a module file is damaged or ends early.',
  ERR_KMOD_COMPRESSION_LIBRARY: 'The system library that unpacks xz or zstd is missing.',
  ERR_KMOD_TOO_LARGE: 'A file is, or unpacks to, more than the limit.',
  ERR_KMOD_DEPENDENCY_CYCLE: 'Modules need each other in a circle, so no load order exists.',
  ERR_KMOD_SCAN_INCOMPLETE: 'Module files could not be read, so no indexes were published.',
  ERR_KMOD_PUBLISH: 'New indexes could not be written; the old ones are as they were.',
  ERR_KMOD_SYMBOL_FILE: 'A Module.symvers or System.map could not be read.',
  ERR_KMOD_ALREADY_LOADED: 'The module is in the kernel already, and the first load was asked for.',
  ERR_KMOD_NOT_FOUND: 'No module, alias or builtin of that name exists in the module directory.',
  ERR_KMOD_NOT_LOADED: 'The module is not loaded.',
  ERR_KMOD_BUILTIN: 'The module is part of the kernel: neither loaded from a file nor unloaded.',
  ERR_KMOD_NOT_LIVE: 'The kernel took a module and does not have it: unloaded, or given up.',
  ERR_KMOD_OWNER: 'Somebody else than root could change a file; `checkOwner` refuses that.',
  ERR_KMOD_IN_USE: 'The module is in use by other modules or by the kernel.',
  ERR_KMOD_PERMANENT: 'The module has no exit function, so the kernel never unloads it.',
  ERR_KMOD_LOAD_FAILED: 'A step of a load failed; `failedStep` tells which, `cause` why.',
  ERR_KMOD_UNLOAD_FAILED: 'A step of an unload failed; `failedStep` tells which, `cause` why.',
  ERR_KMOD_COMMAND_FAILED: 'An install or remove command of the configuration failed.',
  ERR_KMOD_COMMAND_LOOP: 'A command of the configuration leads back to its own module.',
  ERR_KMOD_MODULES_CONF: 'A modules.conf has errors, for which nothing is done; the message has them all.',
  ERR_KMOD_BLACKLISTED: 'A needed module is blacklisted, and the blacklist is to hold for all.',
  ERR_KMOD_ABORTED: 'The operation was aborted between two steps.',
  ERR_KMOD_NO_SYMBOLS: 'The kernel does not tell which symbols it exports (/proc/kallsyms).',
  ERR_KMOD_PEER: 'An optional package that this needs is not installed.',
  ERR_KMOD_HELPER: 'A program cannot be made the one that loads modules for the kernel.',
  ERR_KMOD_WATCH: "The kernel's requests for modules were to be watched and cannot be seen.",
  ERR_KMOD_PROC: 'A file of /proc or /sys does not have the form that the kernel gives it.',
} as const satisfies Readonly<Record<string, string>>;

/** One of this package's own codes. */
export type KmodErrorCode = keyof typeof errorCodes;
