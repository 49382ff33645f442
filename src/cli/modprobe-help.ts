/** Help text of modprobe. */
export function modprobeHelp(program: string): string {
  return `Usage:
	${program} [options] NAME [PARAMETER=VALUE...]
	${program} [options] -a NAME...
	${program} [options] -r NAME...
Loads modules by name, alias or path with all that they need; -r unloads them, and what they alone needed.

What to do:
	-a, --all                 every operand is a module
	-r, --remove              unload instead
	    --first-time          fail when there is nothing to do
	-f, --force               both of the next two; with -r: unload in spite of the kernel's doubts
	    --force-modversion    load in spite of other symbol versions
	    --force-vermagic      load in spite of another version magic
	-i, --ignore-install, --ignore-remove
	-b, --use-blacklist       accepted; there is no configuration to ignore or to use yet
	-c, --show-config         print the configuration and the indexes of aliases and symbols
	-D, --show-depends        only print what would be loaded, also what is loaded already
	-n, --dry-run, --show     change nothing; with -v print what would be done

Where:
	-C, --config=PATH         file or folder of configuration in place of the default folders; repeatable
	-d, --dirname=DIR         folder that holds lib/modules, in place of /
	-S, --set-version=RELEASE kernel release in place of that of the running kernel

Output:
	-q, --quiet               no messages
	-v, --verbose             print what is done
	-V, --version             show the version
	-h, --help                show this text
`;
}
