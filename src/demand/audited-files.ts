import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { configurationDirectories } from '../config/configuration-files.ts';
import { byteText, filePath } from '../native/byte-text.ts';
import { readHelperPath } from '../kernel/helper-setting.ts';
import { BOOT_SETTING, overridingSettings } from './boot-setting.ts';
import type { HelperPlace } from './helper-problem.ts';
import { filesBehind, launcherOptionsOf } from './launcher.ts';

/** Links to the sources that the modules were made from; nobody loads anything by them. */
const sources: ReadonlySet<string> = new Set(['build', 'source']);

/**
 * All that decides what is loaded: the configuration of modprobe and depmod, a modules.conf, the lists of modules-load.d,
 * the modules of a release with their indexes, the kernel's helper with what it consists of. Files and folders, each once.
 */
export function auditedFiles({ root, kernelRoot, release }: HelperPlace): readonly string[] {
  const folders = [
    ...(['modprobe.d', 'depmod.d', 'modules-load.d'] as const).flatMap((kind) =>
      configurationDirectories(kind),
    ),
    `/lib/modules/${release}`,
    `/usr/lib/modules/${release}`,
  ];
  const files = [
    '/etc/modules',
    '/etc/modules.conf',
    '/etc/conf.modules',
    BOOT_SETTING,
    ...overridingSettings(root),
  ];
  const found = [
    ...files.map((file) => join(root, file)),
    ...folders.flatMap((folder) => contents(join(root, folder))),
    ...helperFiles(root, kernelRoot),
  ];
  return [...new Set(found)];
}

/** A folder and all below it; links in it are named, not entered. */
function contents(folder: string): readonly string[] {
  const found = [folder];
  try {
    for (const entry of readdirSync(filePath(folder), { withFileTypes: true, encoding: 'buffer' })) {
      const name = byteText(entry.name);
      if (sources.has(name)) continue;
      const path = `${folder}/${name}`;
      if (entry.isDirectory()) found.push(...contents(path));
      else found.push(path);
    }
  } catch {
    // It is not there, or a link; then it is looked at itself.
  }
  return found;
}

function helperFiles(root: string, kernelRoot: string): readonly string[] {
  const path = readHelperPath({ root: kernelRoot }) ?? '';
  if (path === '') return [];
  const file = join(root, path);
  return [...filesBehind(file), ...modulesConfOf(file).map((name) => join(root, name))];
}

/** The modules.conf that a launcher works from. */
function modulesConfOf(file: string): readonly string[] {
  const option = '--modules-conf=';
  const options = launcherOptionsOf(file) ?? [];
  return options.filter((each) => each.startsWith(option)).map((each) => each.slice(option.length));
}
