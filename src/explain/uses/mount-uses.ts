import { shellWord } from '../../errors/shell-word.ts';
import type { MountedFileSystem } from '../../kernel/mount-list.ts';
import { type ModuleUse, useOf } from './module-use.ts';
import type { UseScene } from './use-scene.ts';

/** File systems of the module that are mounted, and those that use its character set. */
export function mountUses(scene: UseScene, mounts: readonly MountedFileSystem[]): readonly ModuleUse[] {
  return mounts.flatMap((mount): readonly ModuleUse[] => {
    const { type, origin, places, options, source } = mount;
    const seen = [`${origin} ${places[0] ?? ''} ${type}`, source] as const;
    const remedies = unmountCommands(mount);
    if (scene.isNamedBy(`fs-${type}`, type))
      return [
        useOf('mount', {
          text: `A file system of it is mounted on ${places.join(', ')} (${type}, ${origin}).`,
          evidence: [seen],
          remedies,
        }),
      ];
    const option = options.find((each) => characterSet(each) === scene.module);
    if (option === undefined) return [];
    return [
      useOf('mount', {
        text: `The file system on ${places.join(', ')} uses its character set (${option}).`,
        references: [1, 2],
        confidence: 'likely',
        evidence: [[option, source]],
        remedies,
      }),
    ];
  });
}

/** What unmounts it everywhere, in other mount namespaces, too. */
export function unmountCommands({ places, elsewhere }: MountedFileSystem): readonly string[] {
  return places.map((place) => {
    const process = elsewhere.get(place);
    return `${process === undefined ? '' : `nsenter -t ${process} -m `}umount ${shellWord(place)}`;
  });
}

/** The module of a mount option that names a character set. */
function characterSet(option: string): string | undefined {
  const [, key, value = ''] = /^(iocharset|codepage|nls)=(.+)$/.exec(option) ?? [];
  if (key === undefined) return undefined;
  const name = value.replaceAll('-', '_');
  return key === 'codepage' && /^\d/.test(name) ? `nls_cp${name}` : `nls_${name}`;
}
