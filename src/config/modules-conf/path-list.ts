import { kernelVersion } from './expansion.ts';
import { builtInTags } from './built-in-lists.ts';
import type { PathRecord } from './model.ts';

/** The folders that modutils 2.4.16 searches when none is named. */
export function defaultPaths(release: string, baseDirectory: string): PathRecord[] {
  const modules = `${baseDirectory}/lib/modules`;
  return [
    { tag: 'boot', directory: `${modules}/boot`, origin: undefined },
    { tag: 'toplevel', directory: `${modules}/${release}`, origin: undefined },
    { tag: 'toplevel', directory: `${modules}/${kernelVersion(release)}`, origin: undefined },
    ...builtInTags.map((tag) => ({ tag, directory: `${modules}/${tag}`, origin: undefined })),
  ];
}

/**
 * The folders of the environment variable MODPATH: a list with colons, in which `%s` is the kernel release. The last
 * component is the tag.
 */
export function environmentPaths(value: string, release: string): PathRecord[] {
  return value
    .split(':')
    .filter((part) => part !== '')
    .map((part) => {
      const directory = part.replaceAll(/%[s%]/g, (found) => (found === '%s' ? release : '%'));
      const slash = directory.lastIndexOf('/');
      return { tag: slash === -1 ? 'misc' : directory.slice(slash + 1), directory, origin: undefined };
    });
}
