import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { SoftDependencyLine } from '../index-files/soft-dependency-file.ts';
import type { CliIo } from './cli-io.ts';

/** What separates the configuration from the indexes. */
const SEPARATOR = '\n# End of configuration files. Dumping indexes now:\n\n';

/**
 * Prints all configuration, and the aliases and symbols of the tree's indexes: `modprobe -c`.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function dumpConfiguration(
  configuration: ModprobeConfiguration,
  place: { readonly tree: ModuleTree; readonly io: CliIo; readonly compat: boolean },
): void {
  const { tree, io, compat } = place;
  io.stdout(configurationLines(configuration, compat) + SEPARATOR);
  for (const name of ['modules.alias.bin', 'modules.symbols.bin'] as const)
    tree.index(name)?.dump('alias', io.stdout);
}

/** The configuration as lines of modprobe.d, by directives; the directives are in kmod's order. */
export function configurationLines(configuration: ModprobeConfiguration, compat: boolean): string {
  const { blacklist, install, remove, aliases, options, softDependencies, weakDependencies } = configuration;
  return [
    ...blacklist.map(({ module }) => `blacklist ${module}\n`),
    ...install.map(({ module, command }) => `install ${module} ${command}\n`),
    ...remove.map(({ module, command }) => `remove ${module} ${command}\n`),
    ...aliases.map(({ pattern, module }) => `alias ${pattern} ${module}\n`),
    ...options.map(({ module, text }) => `options ${module} ${text}\n`),
    ...softDependencies.map((line) => `softdep ${line.module} ${softDependencyText(line, compat)}\n`),
    ...weakDependencies.map(({ module, dependencies }) => `weakdep ${module} ${dependencies.join(' ')}\n`),
  ].join('');
}

/** kmod leaves the blank out that ends the first list, so that its line cannot be read back. */
function softDependencyText({ pre, post }: SoftDependencyLine, compat: boolean): string {
  const lists = [
    ...(pre.length > 0 ? [`pre: ${pre.join(' ')}`] : []),
    ...(post.length > 0 ? [`post: ${post.join(' ')}`] : []),
  ];
  return lists.join(compat ? '' : ' ');
}
