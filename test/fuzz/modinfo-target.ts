import { BuiltinModinfo } from '../../src/index-files/builtin-modinfo.ts';
import { parseModinfo } from '../../src/module-file/modinfo-section.ts';
import { summarizeModinfo } from '../../src/module-file/modinfo-summary.ts';
import { allowOwnErrors } from './own-errors.ts';

/** The section `.modinfo` of a module, or the same of all builtin modules with their names in front. */
export function fuzz(data: Buffer): void {
  allowOwnErrors(() => {
    const module = { module: 'fuzz', path: '/fuzz.ko', builtin: false };
    summarizeModinfo(module, { entries: parseModinfo(data), signature: undefined, buildId: undefined });
  });
  allowOwnErrors(() => {
    const builtin = new BuiltinModinfo(data, 'modules.builtin.modinfo');
    for (const name of ['ext4', 'a', '']) allowOwnErrors(() => builtin.entriesOf(name));
  });
}
