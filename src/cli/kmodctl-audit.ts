import { existsSync, statSync } from 'node:fs';

import { auditFiles } from '../api/audit.ts';
import type { FileAudit } from '../demand/file-audit.ts';
import { filePath } from '../native/byte-text.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';

/** `kmodctl audit`: who could change what is loaded. */
export const auditSubcommand: Subcommand = {
  options: ['files', 'release', 'root', 'json'],
  manual: {
    purpose: 'who else than root could change what is loaded',
    usage: ['[options]'],
    about:
      'Looks at owner, mode and links of all that decides about modules, and of every folder above it: the configuration of modprobe and depmod, modules.conf, modules-load.d, the modules of a release with their indexes, and the program that loads modules for the kernel. The exit code is 1 if something is found. So far --files is the only audit, and need not be given.',
    operands: 'none',
  },
  run({ has, operands, place }, io) {
    if (operands[0] !== undefined) throw new UsageError(`'${operands[0]}' is one word too many`);
    // A root that is not there has no findings, and says nothing of the one that was meant.
    if (place.root !== undefined && !isFolder(place.root))
      throw new UsageError(`--root=${place.root}: there is no such folder`);
    const audit = auditFiles({ ...place, root: place.root ?? io.root });
    io.stdout(has('json') ? jsonDocument('audit', audit) : auditText(audit));
    return audit.findings.length === 0 ? 0 : 1;
  },
};

function isFolder(path: string): boolean {
  return existsSync(filePath(path)) && statSync(filePath(path)).isDirectory();
}

function auditText({ looked, findings }: FileAudit): string {
  const lines = findings.map(({ text, remedy, files }) => {
    const more = files > 1 ? ` (${files} files)` : '';
    return `${text}${more}\n${remedy === null ? '' : `  remedy: ${remedy}\n`}`;
  });
  const found = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return `${lines.join('')}${looked} files looked at, ${found}.\n`;
}
