import { MAX_INDEX_SIZE } from '../index-files/index-bytes.ts';
import { treeCalls } from '../native/tree-calls.ts';
import { builtinFiles, type BuiltinFileOptions } from './builtin-files.ts';
import type { NamedColumns } from './contribution-columns.ts';
import { type AliasedModule, deviceNameFile } from './device-name-file.ts';
import type { IndexOutput } from './index-output.ts';
import { latin1, type PackedTexts } from './packed-texts.ts';
import { TextReader } from './text-reader.ts';

/** What the indexes are made from; modules are numbers in the order of the indexes. */
export interface QuickOutputSource {
  /** Kernel names. */
  readonly names: PackedTexts;
  /** Paths as the indexes have them. */
  readonly paths: PackedTexts;
  readonly parts: readonly NamedColumns[];
  /** Whether to use a second thread. */
  readonly parallel: boolean;
}

/**
 * What `indexOutputs` gives where nothing is unusual, several times faster: the addon makes the files. It neither warns nor
 * fails: whatever calls for that, and what the addon does not do for other reasons, gives undefined.
 */
export function quickOutputs(
  { names, paths, parts, parallel }: QuickOutputSource,
  options: BuiltinFileOptions & { readonly textOnly: boolean },
): readonly IndexOutput[] | undefined {
  const made = treeCalls()?.makeIndexes(names, paths, parts, MAX_INDEX_SIZE, parallel) ?? undefined;
  if (made === undefined) return undefined;
  const { textOnly, report } = options;
  const pair = (name: string, text: Buffer, binary: Buffer): readonly IndexOutput[] =>
    textOnly
      ? [{ name, content: text }]
      : [
          { name, content: text },
          { name: `${name}.bin`, content: binary },
        ];
  return [
    ...pair('modules.dep', made.dep, made.depBin),
    ...pair('modules.alias', made.alias, made.aliasBin),
    { name: 'modules.softdep', content: made.softdep },
    { name: 'modules.weakdep', content: made.weakdep },
    ...pair('modules.symbols', made.symbols, made.symbolsBin),
    ...(textOnly ? [] : builtinFiles(options)),
    deviceNameFile(deviceModules(names, made.devices), report),
  ];
}

interface DeviceModules {
  readonly modules: Uint32Array;
  readonly aliasCounts: Uint32Array;
  readonly aliases: Uint8Array;
}

function deviceModules(
  names: PackedTexts,
  { modules, aliasCounts, aliases }: DeviceModules,
): readonly AliasedModule[] {
  const reader = new TextReader(aliases);
  return Array.from(modules, (module, index) => {
    const name = latin1(names.bytes.subarray(names.starts[module], names.starts[module + 1]));
    return { name, aliases: reader.next(aliasCounts[index] ?? 0) };
  });
}
