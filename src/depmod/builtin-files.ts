import { systemErrorText } from '../config/configuration-files.ts';
import { type IndexInput, writeIndex } from '../index-files/index-writer.ts';
import { moduleName, normalizeAlias } from '../index-files/module-name.ts';
import type { DepmodReport } from './depmod-notice.ts';
import type { IndexOutput } from './index-output.ts';
import { readListFile } from './list-file.ts';

/** Where the kernel's own lists are. */
export interface BuiltinFileOptions {
  /** Folder of the kernel release. */
  readonly directory: string;
  /** Whether a line that names no file keeps its newline in the index, as it does with kmod. */
  readonly compat: boolean;
  readonly report: DepmodReport;
}

/**
 * The indexes of what is built into the kernel, from the lists that its build leaves. An index has no bytes when there
 * is no such list.
 */
export function builtinFiles(options: BuiltinFileOptions): readonly IndexOutput[] {
  const builtin = readList('modules.builtin', options);
  const modinfo = readList('modules.builtin.modinfo', options);
  const empty = Buffer.alloc(0);
  return [
    {
      name: 'modules.builtin.bin',
      content: builtin === undefined ? empty : writeIndex(builtinEntries(builtin, options)),
    },
    {
      name: 'modules.builtin.alias.bin',
      content: modinfo === undefined ? empty : writeIndex(builtinAliases(modinfo, options)),
    },
  ];
}

function builtinEntries(text: string, { compat, report }: BuiltinFileOptions): readonly IndexInput[] {
  const entries: IndexInput[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    if (line === '') continue;
    if (!/^[A-Za-z]/.test(line)) {
      report({ priority: 'error', text: `Invalid modules.builtin line: ${line}` });
      continue;
    }
    const path = compat ? line : line.trimEnd();
    entries.push({ key: moduleName(path.slice(path.lastIndexOf('/') + 1)), value: '', priority: 0 });
  }
  return entries;
}

/** From strings `module.alias=…`, each ended by a NUL. */
function builtinAliases(text: string, { report }: BuiltinFileOptions): readonly IndexInput[] {
  const entries: IndexInput[] = [];
  for (const line of text.split('\0')) {
    const [, module, alias] = /^([^.]*)\.alias=(.*)$/s.exec(line) ?? [];
    if (module === undefined || alias === undefined) continue;
    const key = normalizeAlias(alias);
    if (key === undefined) report({ priority: 'warning', text: `Unmatched bracket in ${alias}` });
    else entries.push({ key, value: moduleName(module), priority: 0 });
  }
  return entries;
}

function readList(name: string, { directory, report }: BuiltinFileOptions): string | undefined {
  try {
    return readListFile(`${directory}/${name}`).toString('latin1');
  } catch (error) {
    report({
      priority: 'warning',
      text: `could not open ${name} at ${directory}: ${systemErrorText(error)}`,
    });
    return undefined;
  }
}
