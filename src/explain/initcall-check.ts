import { commandLineList, type SecurityState } from '../kernel/security-state.ts';
import type { ElfImage } from '../module-file/elf-image.ts';
import { SHN_UNDEF } from '../module-file/elf-symbol-table.ts';
import type { FindingList } from './finding-list.ts';

/** The name that every module's init function has beside its own. */
const ALIAS = 'init_module';

/** Looks whether the kernel's command line refuses the module's init function. */
export function checkInitcall(list: FindingList, image: ElfImage, state: SecurityState): void {
  const listed = commandLineList(state, 'initcall_blacklist');
  if (listed.length === 0) return;
  const name = initFunction(image);
  if (name === undefined || !listed.includes(name)) return;
  list.add('initcall-blacklist', {
    text: `The kernel command line refuses the init function ${name}: initcall_blacklist=.`,
    errno: 'EPERM',
    evidence: [
      [`initcall_blacklist=${listed.join(',')}`, '/proc/cmdline'],
      [`${ALIAS} is ${name}`, `${image.path}, section .symtab`],
    ],
    remedies: ['Take it off initcall_blacklist= in the boot loader and boot again.'],
  });
}

// Of several names of one place the kernel takes the first in the table.
function initFunction(image: ElfImage): string | undefined {
  const table = image.requireSymbolTable();
  for (let alias = 1; alias < table.count; alias++) {
    if (table.name(alias) !== ALIAS || table.section(alias) === SHN_UNDEF) continue;
    for (let index = 1; index < table.count; index++)
      if (
        table.section(index) === table.section(alias) &&
        table.value(index) === table.value(alias) &&
        table.name(index) !== ''
      )
        return table.name(index);
  }
  return undefined;
}
