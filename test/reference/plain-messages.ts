/**
 * Brings the messages of Debian's kmod into the form that kmod has as it is released. Debian builds it with debugging
 * messages, which changes the form of all messages of its library: `modprobe: ERROR: ../libkmod/libkmod-module.c:861
 * kmod_module_insert_module() text` is `modprobe: ERROR: text` otherwise, and `libkmod: ERROR
 * ../libkmod/libkmod-config.c:712 kmod_config_parse: text` is `libkmod: ERROR: kmod_config_parse: text`. Messages of
 * level DEBUG exist only in such a build.
 */
export function plainMessages(stderr: string): string {
  return stderr
    .replace(/^.*\bDEBUG\b:? \S+\.c:\d+ .*\n/gm, '')
    .replace(/^(\S+: [A-Z]+: )\S+\.c:\d+ \w+\(\) /gm, '$1')
    .replace(/^(libkmod: [A-Z]+) \S+\.c:\d+ (\w+: )/gm, '$1: $2');
}
