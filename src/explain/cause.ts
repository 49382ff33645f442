/** The stages that a load or unload goes through, in the kernel's order. */
export type FailureStage =
  | 'look-up'
  | 'permission'
  | 'read'
  | 'signature'
  | 'format'
  | 'version'
  | 'link'
  | 'parameters'
  | 'init'
  | 'unload';

/** What each cause of a failure means. The codes are stable: programs may compare them. */
export const causes = {
  'not-found': ['look-up', 'no module, alias or built-in part of that name exists for this kernel release'],
  'wrong-release': [
    'look-up',
    'the modules of the running kernel are not installed, those of other releases are',
  ],
  'no-module-folder': ['look-up', 'no modules are installed here at all'],
  'indexes-missing': ['look-up', 'depmod has not been run for this kernel release'],
  'indexes-empty': ['look-up', 'the indexes name no module although module files are there'],
  'indexes-stale': ['look-up', 'the indexes do not fit the module files: depmod has to be run'],
  'indexes-damaged': ['look-up', 'an index is damaged or cannot be read'],
  'file-missing': ['look-up', 'the index names a file that is not there'],
  'config-blacklist': ['look-up', 'a blacklist line of the configuration leaves the module out'],
  'install-command': ['look-up', 'the configuration runs a command in place of loading the module'],
  'command-failed': ['look-up', 'a command of the configuration ended with a failure'],
  'built-in': ['look-up', 'the module is part of the kernel'],
  'dependency-cycle': ['look-up', 'modules need each other in a circle'],
  'file-owner': ['look-up', 'somebody else than root could change a file that is used'],
  aborted: ['look-up', 'the caller ended the operation'],

  'no-module-support': ['permission', 'the kernel was built without loadable modules'],
  'no-privilege': ['permission', 'the process lacks the capability CAP_SYS_MODULE'],
  'user-namespace': ['permission', 'the process is root in a user namespace (a container) only'],
  'modules-disabled': ['permission', 'loading and unloading were switched off until the next boot'],
  'seccomp-filter': ['permission', 'a seccomp filter (a container or a service manager) refuses the call'],
  'security-module': ['permission', 'a Linux security module refuses the file'],
  'permission-unknown': ['permission', 'the kernel refuses, and nothing that is visible tells why'],

  'file-unreadable': ['read', 'the file cannot be opened or read'],
  'file-empty': ['read', 'the file has no bytes'],
  'file-not-regular': ['read', 'the file is a folder, a pipe or a device'],
  'file-being-written': ['read', 'a program has the file open for writing'],
  'file-too-large': ['read', 'the file has 2 GiB or more'],
  'compressed-data': ['read', 'the compressed data is damaged or cut off'],
  'compression-check': ['read', 'the xz file has a check that the kernel does not know'],
  'compression-unsupported': ['read', 'the kernel does not unpack this compression'],

  'signature-required': ['signature', 'the module is not signed, and the kernel enforces signatures'],
  'signature-unknown-key': ['signature', 'the module is signed with a key that the kernel does not trust'],
  'signature-unsupported': [
    'signature',
    'the signature has a form or an algorithm that the kernel does not support',
  ],
  'signature-mismatch': [
    'signature',
    'the signature does not fit: the module was changed after it was signed',
  ],
  'signature-malformed': ['signature', 'the signature at the end of the file cannot be read'],
  'signature-revoked': ['signature', 'the hash or the key of the module is on the blacklist of the firmware'],
  'lockdown-unsigned': [
    'signature',
    'the kernel is locked down and takes modules with a valid signature only',
  ],

  'not-elf': ['format', 'the file is no ELF file'],
  'not-relocatable': ['format', 'the file is an ELF file of another type than modules are'],
  'wrong-machine': ['format', 'the module was built for another processor architecture'],
  'file-truncated': ['format', 'the file is cut off'],
  'elf-damaged': ['format', 'the ELF structure of the file is damaged'],
  stripped: ['format', 'the symbol table was stripped off the module'],
  'no-module-structure': [
    'format',
    'the file has no .gnu.linkonce.this_module section: it is no finished module',
  ],
  'module-structure-size': [
    'format',
    'struct module has another size than in the kernel: other version or configuration',
  ],
  'kernel-blacklist': ['format', 'module_blacklist= on the kernel command line refuses the module'],

  'other-kernel-build': [
    'version',
    'the module was built for another kernel: the CRC of module_layout differs',
  ],
  'versions-missing': ['version', 'the module has no versions of its symbols, which the kernel wants'],
  vermagic: ['version', 'the version magic of the module is not that of the kernel'],
  'livepatch-unsupported': ['version', 'the module is a live patch, and the kernel does not support these'],

  'already-loaded': ['link', 'a module of that name is loaded'],
  'being-loaded': ['link', 'a module of that name is being loaded by somebody else'],
  'being-unloaded': ['link', 'a module of that name is being unloaded'],
  'built-in-name': ['link', 'a module of that name is part of the kernel'],
  'section-flags': ['link', 'a section is both writable and executable'],
  'no-memory': ['link', 'the kernel has not enough memory for the module'],
  'unknown-symbol': ['link', 'the module needs a symbol that nothing exports'],
  'symbol-provider-not-loaded': ['link', 'the module needs a symbol of a module that is not loaded'],
  'gpl-only-symbol': [
    'link',
    'the module needs a GPL-only symbol, and its licence is not compatible with the GPL',
  ],
  'symbol-version': ['link', 'a symbol has another CRC in the kernel than the module was built against'],
  'symbol-version-missing': ['link', 'the module has no version for a symbol that it needs'],
  'symbol-namespace': ['link', 'a symbol is in a namespace that the module does not import'],
  'provider-initialising': ['link', 'a module that it needs did not finish its initialisation within 30 s'],
  relocation: ['link', 'the module has a relocation that the kernel does not know or that does not fit'],
  'duplicate-export': ['link', 'the module exports a symbol that something else exports already'],

  'parameter-value': ['parameters', 'a parameter has a value of the wrong type'],
  'parameter-range': ['parameters', 'a parameter has a value that is too large or too small'],
  'parameter-too-long': ['parameters', 'a parameter has a text that is too long'],
  'parameter-locked': ['parameters', 'a parameter must not be set while the kernel is locked down'],
  'parameter-unknown': ['parameters', 'the module has no parameter of that name; the kernel ignores it'],

  'initcall-blacklist': ['init', 'initcall_blacklist= on the kernel command line refuses the init function'],
  'no-device': ['init', 'the init function found no device or processor feature that the module drives'],
  'init-failed': ['init', 'the init function of the module ended with an error'],
  'soft-dependency-missing': [
    'init',
    'the init function found something missing that a soft dependency provides',
  ],
  'firmware-missing': ['init', 'a firmware file that the module may ask for is not installed'],
  'not-live': ['init', 'the kernel took the module and does not have it'],
  interrupted: ['init', 'a signal ended the call'],

  'not-loaded': ['unload', 'no module of that name is loaded'],
  'used-by-modules': ['unload', 'other modules use the module'],
  'in-use': [
    'unload',
    'something else than a module uses it: an open device, a mount, a socket, an interface',
  ],
  permanent: ['unload', 'the module has no exit function'],
  'no-unload-support': ['unload', 'the kernel was built without unloading of modules'],

  unknown: ['init', 'what is known does not tell the cause'],
} as const satisfies Readonly<Record<string, readonly [FailureStage, string]>>;

/** The stable code of a cause. */
export type CauseCode = keyof typeof causes;

/** The stage that a cause belongs to. */
export function stageOf(cause: CauseCode): FailureStage {
  return causes[cause][0];
}
