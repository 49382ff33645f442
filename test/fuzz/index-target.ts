import { parseAliases } from '../../src/index-files/alias-file.ts';
import { parseDependencies } from '../../src/index-files/dependency-file.ts';
import { parseDeviceNames } from '../../src/index-files/device-name-file.ts';
import { IndexFile } from '../../src/index-files/index-file.ts';
import { parseModuleList } from '../../src/index-files/module-list-file.ts';
import { parseSoftDependencies } from '../../src/index-files/soft-dependency-file.ts';
import { parseWeakDependencies } from '../../src/index-files/weak-dependency-file.ts';
import { allowOwnErrors } from './own-errors.ts';

const requests = [
  '',
  'ext4',
  'fs-ext4',
  'é',
  'pci:v00008086d00001572sv00001234sd00000000bc02sc00i00',
  'usb:v0BDAp8153d3000dc00dsc00dp00icFFiscFFip00in00',
  '[a-z]*?',
];

const textParsers = [
  parseAliases,
  parseDependencies,
  parseDeviceNames,
  parseModuleList,
  parseSoftDependencies,
  parseWeakDependencies,
];

/** A `modules.*.bin`; its bytes are also read as each of the text files. */
export function fuzz(data: Buffer): void {
  allowOwnErrors(() => {
    const index = new IndexFile(data, 'modules.alias.bin');
    for (const request of requests) {
      allowOwnErrors(() => index.search(request));
      allowOwnErrors(() => index.searchWildcard(request));
    }
    allowOwnErrors(() => [...index.entries()]);
    allowOwnErrors(() => index.dump('alias', () => undefined));
  });
  const text = data.toString();
  for (const parse of textParsers) allowOwnErrors(() => parse(text, 'modules.text', () => undefined));
}
