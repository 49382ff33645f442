import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { byteText, textBytes } from '../native/byte-text.ts';
import { makeFolders } from '../native/make-folders.ts';
import { writeWholeFile } from '../execute/whole-file.ts';

/** The file by which the helper is set at each start: read by systemd-sysctl and `sysctl --system`. */
export const BOOT_SETTING = '/etc/sysctl.d/90-kmodctl-helper.conf';

/** What that file says. */
export interface BootSetting {
  /** The helper. */
  readonly path: string;
  /** The helper that was there before. */
  readonly before: string;
}

/** The setting in a root; undefined where there is none. */
export function readBootSetting(root: string): BootSetting | undefined {
  let text: string;
  try {
    text = byteText(readFileSync(join(root, BOOT_SETTING)));
  } catch {
    return undefined;
  }
  const path = /^kernel\.modprobe = (.*)$/m.exec(text)?.[1];
  const before = /^# before: (.*)$/m.exec(text)?.[1];
  return path === undefined || before === undefined ? undefined : { path, before };
}

/** Writes the setting, whole or not at all. */
export function writeBootSetting(root: string, { path, before }: BootSetting): void {
  const file = join(root, BOOT_SETTING);
  makeFolders(dirname(file));
  writeWholeFile(
    file,
    textBytes(
      [
        '# Written by kmodctl helper install; kmodctl helper remove takes it away and sets again what was there before.',
        `# before: ${before}`,
        `kernel.modprobe = ${path}`,
        '',
      ].join('\n'),
    ),
  );
}

/** Takes the setting away. */
export function removeBootSetting(root: string): void {
  rmSync(join(root, BOOT_SETTING), { force: true });
}

/** Files that set the helper anew after ours has been read, at each start. */
export function overridingSettings(root: string): readonly string[] {
  const own = BOOT_SETTING.split('/').at(-1) ?? '';
  // A file hides those of its name in the folders that follow, also as a link to /dev/null (sysctl.d(5)).
  const folders = [
    '/etc/sysctl.d',
    '/run/sysctl.d',
    '/usr/local/lib/sysctl.d',
    '/usr/lib/sysctl.d',
    '/lib/sysctl.d',
  ];
  const later = new Map<string, string>();
  for (const folder of folders)
    for (const name of namesIn(join(root, folder)))
      if (name.endsWith('.conf') && name > own && !later.has(name)) later.set(name, `${folder}/${name}`);
  return [...later.values(), '/etc/sysctl.conf'].filter((file) => setsHelper(join(root, file)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function setsHelper(file: string): boolean {
  try {
    return /^\s*-?kernel[./]modprobe\s*=/m.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}
