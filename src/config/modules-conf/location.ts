import type { ConfDiagnostic } from './diagnostic.ts';
import type { FileAccess } from './file-access.ts';

/** Which file is read, and what is to be said about the choice. */
export interface ConfLocation {
  /** Undefined when there is none: then only built-in values count. */
  readonly file: string | undefined;
  readonly diagnostics: readonly ConfDiagnostic[];
}

const NEW_NAME = '/etc/modules.conf';
const OLD_NAME = '/etc/conf.modules';

/** The file that modutils reads: one that is named, MODULECONFIG, /etc/modules.conf, /etc/conf.modules. */
export function locateModulesConf(
  named: string | undefined,
  {
    environment,
    safeMode,
    files,
  }: {
    readonly environment: ReadonlyMap<string, string>;
    readonly safeMode: boolean;
    readonly files: FileAccess;
  },
): ConfLocation {
  const explicit = named ?? (safeMode ? undefined : environment.get('MODULECONFIG'));
  if (explicit !== undefined && (explicit !== '' || named !== undefined))
    return { file: explicit, diagnostics: [] };
  const hasNew = files.isReadable(NEW_NAME);
  const hasOld = files.isReadable(OLD_NAME);
  if (!hasNew) return { file: hasOld ? OLD_NAME : undefined, diagnostics: hasOld ? [oldName()] : [] };
  if (!hasOld) return { file: NEW_NAME, diagnostics: [] };
  const isSame = files.identity(NEW_NAME) === files.identity(OLD_NAME);
  return { file: NEW_NAME, diagnostics: [isSame ? needlessLink() : ignoredOldName()] };
}

// modutils printed these straight to standard error, without the program's name, so they are no `original` messages.
function warning(file: string, text: string, remedy: string, code: ConfDiagnostic['code']): ConfDiagnostic {
  return { file, firstLine: 1, line: 1, column: 1, code, severity: 'warning', text, remedy, original: [] };
}

function oldName(): ConfDiagnostic {
  const text = `the name is out of use since 1999; it is read because ${NEW_NAME} does not exist`;
  return warning(OLD_NAME, text, `Rename it: mv ${OLD_NAME} ${NEW_NAME}`, 'old-file-name');
}

function needlessLink(): ConfDiagnostic {
  const text = `${OLD_NAME} and ${NEW_NAME} are the same file, and no link is needed`;
  return warning(OLD_NAME, text, `Keep the file as ${NEW_NAME} and remove the other name.`, 'two-files');
}

function ignoredOldName(): ConfDiagnostic {
  const text = `it is ignored, because ${NEW_NAME} exists`;
  return warning(OLD_NAME, text, `Take over what is needed and remove it: rm ${OLD_NAME}`, 'two-files');
}
