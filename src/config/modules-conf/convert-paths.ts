import type { ConversionWarnings } from './conversion-warning.ts';
import type { ModulesConfiguration } from './model.ts';
import { originText } from './conf-origin.ts';

/** The lines of depmod.d that stand for `path` and `prune`. */
export function convertPaths(
  { paths, prune, release }: ModulesConfiguration,
  warnings: ConversionWarnings,
): readonly string[] {
  const base = `/lib/modules/${release}`;
  const search: string[] = [];
  const external: string[] = [];
  const origins: string[] = [];
  let hasTag = false;
  for (const { directory, origin, tag } of paths) {
    if (origin === undefined) continue;
    if (!hasTag && tag !== 'misc') {
      hasTag = true;
      warnings.add(
        origin,
        'tag-lost',
        `path[${tag}]: tags were for modprobe -t, which is gone`,
        'Nothing has to be done, unless scripts use modprobe -t.',
      );
    }
    if (/\s/.test(directory)) {
      warnings.add(
        origin,
        'name-not-expressible',
        `depmod.d cannot name the folder ${JSON.stringify(directory)}`,
        'Link or rename it without blanks.',
      );
      continue;
    }
    const folder = directory.replace(/(?<=.)\/+$/, '');
    if (!origins.includes(originText(origin))) origins.push(originText(origin));
    if (folder === base) search.push('built-in');
    else if (folder.startsWith(`${base}/`)) search.push(folder.slice(base.length + 1));
    else external.push(externalLine(folder, release));
  }
  const order = [...new Set([...search, 'built-in', ...(external.length > 0 ? ['external'] : [])])];
  const searchLines = search.some((entry) => entry !== 'built-in') ? [`search ${order.join(' ')}`] : [];
  const excluded = prune.filter(
    ({ origins: lines, name }) => lines.length > 0 && !/\s/.test(name) && name !== '',
  );
  const lines = [
    ...(external.length > 0 && searchLines.length === 0 ? ['search built-in external'] : searchLines),
    ...new Set(external),
  ];
  return [
    ...(lines.length > 0 ? [`# ${origins.join(', ')}`, ...lines] : []),
    ...excluded.flatMap(({ name, origins: places }) => [
      `# ${places.map(originText).join(', ')}`,
      `exclude ${name.replaceAll('\\', '\\\\')}`,
    ]),
  ];
}

/** Of a folder with the release in its name depmod must not take the modules for other releases. */
function externalLine(folder: string, release: string): string {
  const name = folder.replaceAll('\\', '\\\\');
  if (!folder.includes(release)) return `external * ${name}`;
  return `external ^${release.replaceAll(/[^\w-]/g, String.raw`\\$&`)}$ ${name}`;
}
