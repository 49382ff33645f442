import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';

import { shellWord } from '../errors/shell-word.ts';
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
  const places = new FirmwarePlaces(folders);
  for (const [index, name] of names.entries()) {
    if (index % NAMES_BETWEEN_PAUSES === NAMES_BETWEEN_PAUSES - 1) yield { kind: 'pause' };
    if (!places.has(name)) missing.push(name);
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
    remedies: ['apt install firmware-linux', `apt-file search ${shellWord(basename(missing[0] ?? ''))}`],
  });
}

/** Where firmware is looked for. Each folder is read once: a module names hundreds of files in one. */
class FirmwarePlaces {
  readonly #folders: readonly string[];
  readonly #contents = new Map<string, readonly FolderContent[]>();

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Whether there is a file of that name, which may have wildcards in its last part. */
  has(name: string): boolean {
    const slash = name.lastIndexOf('/');
    const file = name.slice(slash + 1);
    return this.#contentsOf(name.slice(0, slash + 1)).some((content) => hasFile(content, file));
  }

  /** Of the folder with this name, with a slash at its end, in each place. */
  #contentsOf(name: string): readonly FolderContent[] {
    const known = this.#contents.get(name);
    if (known !== undefined) return known;
    const found = this.#folders.flatMap((place) => contentOf(`${place}/${name}`) ?? []);
    this.#contents.set(name, found);
    return found;
  }
}

interface FolderContent {
  /** With a slash at its end. */
  readonly folder: string;
  readonly names: ReadonlySet<string>;
}

function contentOf(folder: string): FolderContent | undefined {
  try {
    return { folder, names: new Set(readdirSync(folder)) };
  } catch {
    return undefined;
  }
}

function hasFile({ folder, names }: FolderContent, file: string): boolean {
  // A name may be that of a link which leads nowhere.
  if (!file.includes('*'))
    return ['', '.xz', '.zst'].some(
      (ending) => names.has(file + ending) && existsSync(folder + file + ending),
    );
  const pattern = new RegExp(`^${file.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}`);
  return [...names].some((each) => pattern.test(each));
}
