import type { ConfDiagnostic, ConfDiagnosticCode } from './diagnostic.ts';
import { positionOf } from './logical-line.ts';
import type { Statement } from './statement.ts';

/** What is said about a statement. */
export interface StatementFinding {
  readonly code: ConfDiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly text: string;
  readonly remedy: string;
  readonly original?: readonly string[];
  /** Place in the logical line; default its keyword. */
  readonly index?: number;
}

/** Collects what is said about one file. */
export class FileDiagnostics {
  readonly #file: string;
  readonly #all: ConfDiagnostic[];

  /** @param all takes the diagnostics, in the order in which they come */
  constructor(file: string, all: ConfDiagnostic[]) {
    this.#file = file;
    this.#all = all;
  }

  add({ line, keywordStart }: Statement, finding: StatementFinding): void {
    const { code, severity, text, remedy, original = [] } = finding;
    const { line: firstLine, column } = positionOf(line, finding.index ?? keywordStart);
    const place = { file: this.#file, firstLine, line: line.lastLine, column };
    this.#all.push({ ...place, code, severity, text, remedy, original });
  }

  /** About the file as a whole, at a line of it. */
  addAt(line: number, finding: Omit<StatementFinding, 'index'>): void {
    const { code, severity, text, remedy, original = [] } = finding;
    const place = { file: this.#file, firstLine: line, line, column: 1 };
    this.#all.push({ ...place, code, severity, text, remedy, original });
  }
}
