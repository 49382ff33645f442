/** The versions of a module's symbols, as text. */
import type { ModuleVersions, NeededVersion } from '../api/module-versions.ts';
import type { ExportedSymbol } from '../module-file/exported-symbol.ts';
import { versionedSymbolName } from '../module-file/prototype-crc.ts';
import { textTable } from './text-table.ts';

/** Tables of what it needs and of what it exports. */
export function versionTables({ needs, exports }: Pick<ModuleVersions, 'needs' | 'exports'>): string {
  const needRows = needs.map((need) => [
    need.name,
    crcText(need.crc),
    crcText(need.kernelCrc),
    verdictText(need),
    need.provider ?? '',
  ]);
  const exportRows = exports.map((symbol) => [symbol.name, crcText(symbol.crc), ...permissionTexts(symbol)]);
  const parts = [
    needs.length === 0 ? '' : textTable([['NEEDS', 'MODULE', 'KERNEL', 'VERDICT', 'FROM'], ...needRows]),
    exports.length === 0 ? '' : textTable([['EXPORTS', 'VERSION', 'FOR', 'NAMESPACE'], ...exportRows]),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function crcText(crc: number | null): string {
  return crc === null ? '-' : `0x${crc.toString(16).padStart(8, '0')}`;
}

function verdictText({ agrees, weak }: NeededVersion): string {
  if (agrees === null) return weak ? 'unknown (weak)' : 'unknown';
  return agrees ? 'same' : 'DIFFERS';
}

function permissionTexts({ gplOnly, namespace }: ExportedSymbol): readonly string[] {
  return [gplOnly === null ? '-' : gplOnly ? 'GPL' : 'all', namespace ?? ''];
}

/**
 * The list that nm(1) printed of a module of Linux 2.4, sorted by name, with the versions in the names: `U` is needed, `w` can
 * be done without, `T` is exported. `module_layout` and the like, which no code uses, had no counterpart then.
 */
export function versionedNames({ needs, exports }: ModuleVersions): string {
  const lines = [
    ...needs.map(({ name, crc, weak }) => ({ letter: weak ? 'w' : 'U', name, crc })),
    ...exports.map(({ name, crc }) => ({ letter: 'T', name, crc })),
  ];
  return lines
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ letter, name, crc }) => {
      const shown = crc === null ? name : versionedSymbolName(name, crc);
      return `${' '.repeat(16)} ${letter} ${shown}\n`;
    })
    .join('');
}
