import { aliasFiles, type AliasFileOptions } from './alias-files.ts';
import { builtinFiles, type BuiltinFileOptions } from './builtin-files.ts';
import { dependencyFiles } from './dependency-files.ts';
import { type AliasedModule, deviceNameFile } from './device-name-file.ts';
import type { IndexOutput } from './index-output.ts';
import type { ModuleIndexData } from './module-index-data.ts';
import { softDependencyFiles } from './soft-dependency-files.ts';
import { symbolFiles } from './symbol-files.ts';

/** What the outputs need besides the modules. */
export type IndexOutputOptions = AliasFileOptions & BuiltinFileOptions;

/** All files that depmod writes, or the text files alone, in kmod's order, byte for byte like kmod 34's. */
export function indexOutputs(data: ModuleIndexData, options: IndexOutputOptions): readonly IndexOutput[] {
  const { textOnly, report } = options;
  return [
    ...dependencyFiles(data, textOnly),
    ...aliasFiles(data, options),
    ...softDependencyFiles(data),
    ...symbolFiles(data, textOnly),
    ...(textOnly ? [] : builtinFiles(options)),
    deviceNameFile(aliasedModules(data), report),
  ];
}

function* aliasedModules({ names, contributions }: ModuleIndexData): Iterable<AliasedModule> {
  for (const [module, contribution] of contributions.entries())
    if (contribution !== undefined) yield { name: names[module] ?? '', aliases: contribution.aliases };
}
