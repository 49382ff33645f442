import { existsSync, readdirSync } from 'node:fs';
import { dirname, basename } from 'node:path';

import type { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';

/** More are not looked for. */
const MOST_NAMES = 200;
const NAMES_BETWEEN_PAUSES = 40;

/** Looks whether the firmware files that a module names are installed. Which of them it needs only its device tells. */
export function* checkFirmware(
  list: FindingList,
  firmware: readonly string[],
  { root, release, path }: { readonly root: string; readonly release: string; readonly path: string },
): Inquiry<void> {
  if (firmware.length === 0) return;
  const base = `${root}/lib/firmware`;
  const folders = [base, `${base}/updates/${release}`, `${base}/updates`, `${base}/${release}`];
  const names = firmware.slice(0, MOST_NAMES);
  const missing: string[] = [];
  for (const [index, name] of names.entries()) {
    if (index % NAMES_BETWEEN_PAUSES === NAMES_BETWEEN_PAUSES - 1) yield { kind: 'pause' };
    if (!folders.some((folder) => isInstalled(`${folder}/${name}`))) missing.push(name);
  }
  if (missing.length < names.length) {
    list.check('firmware', 'ok', `${names.length - missing.length} of ${names.length} files are installed`);
    return;
  }
  list.add('firmware-missing', {
    text: `None of the ${firmware.length} firmware files that the module names is installed; its device may need one.`,
    confidence: 'possible',
    refused: false,
    evidence: [
      [
        `firmware=${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}`,
        `${path}, section .modinfo`,
      ],
      ['no such file', base],
    ],
    remedies: ['apt install firmware-linux', `apt-file search ${basename(missing[0] ?? '')}`],
  });
}

function isInstalled(path: string): boolean {
  if (path.includes('*'))
    try {
      const pattern = new RegExp(
        `^${basename(path)
          .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')}`,
      );
      return readdirSync(dirname(path)).some((name) => pattern.test(name));
    } catch {
      return false;
    }
  return ['', '.xz', '.zst'].some((ending) => existsSync(path + ending));
}
