import type { ConfOrigin } from './conf-origin.ts';

/** What may be wrong with a modules.conf. */
export type ConfDiagnosticCode =
  | 'bad-substitution'
  | 'cannot-open'
  | 'command-not-run'
  | 'command-without-module'
  | 'duplicate-file-name'
  | 'else-without-if'
  | 'empty-file-name'
  | 'glued-add'
  | 'glued-negation'
  | 'include-failed'
  | 'invalid-line'
  | 'missing-endif'
  | 'missing-option-module'
  | 'misplaced-else'
  | 'old-file-name'
  | 'too-long'
  | 'too-many-ifs'
  | 'too-many-includes'
  | 'two-files'
  | 'unbalanced-quote'
  | 'unknown-operator';

/** Something to say about a place in a modules.conf. */
export interface ConfDiagnostic extends ConfOrigin {
  readonly code: ConfDiagnosticCode;
  /** An error stops modprobe before it does anything, as it did in modutils. */
  readonly severity: 'error' | 'warning';
  /** From 1, in the first of the lines that `firstLine` and `line` name. */
  readonly column: number;
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
  /** The words of modutils, without the program's name; none where it said nothing. */
  readonly original: readonly string[];
}

/** modutils' own messages: `PROGRAM: TEXT` and a newline for each. */
export function originalMessages(diagnostics: readonly ConfDiagnostic[], program = 'modprobe'): string {
  return diagnostics
    .flatMap(({ original }) => original)
    .map((text) => `${program}: ${text}\n`)
    .join('');
}

/** `FILE:LINE:COLUMN: severity: text (code)` and the remedy. */
export function diagnosticText(diagnostic: ConfDiagnostic): string {
  const { file, firstLine, column, severity, text, code, remedy } = diagnostic;
  return `${file}:${firstLine}:${column}: ${severity}: ${text} (${code})\n    ${remedy}\n`;
}
