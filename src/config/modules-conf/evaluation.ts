import { systemErrorText } from '../configuration-files.ts';
import { conditionHolds } from './condition.ts';
import { ConditionalStack, MAX_NESTING } from './conditional-stack.ts';
import type { ConfOrigin } from './conf-origin.ts';
import { FileDiagnostics, type StatementFinding } from './diagnostics.ts';
import { type Directive, findDirective, isForModprobeOnly } from './directive.ts';
import { applyDirective, lineRecord } from './directive-effect.ts';
import type { EvaluationState } from './evaluation-state.ts';
import { expandValue, type ExpandedValue } from './expansion.ts';
import { fileText } from './file-text.ts';
import { expansionFinding, invalidLine, openQuoteFinding } from './finding-texts.ts';
import { isIdle, type Statement } from './statement.ts';
import { parseSyntaxTree } from './syntax-tree.ts';

/** How deep files may include each other. */
const MAX_DEPTH = 20;
/** Files that are read in all: two lines that include their own file would never end. */
const MAX_FILES = 100;
/** Characters of included files in all. */
const MAX_INCLUDED = 1 << 20;

/** A file that is being read, and those that led to it. */
interface OpenFile {
  readonly file: string;
  readonly depth: number;
  /** Keys of the files that are open. */
  readonly identities: readonly (string | undefined)[];
}

/**
 * Reads a file and lets its lines take effect.
 *
 * @returns false when there was an error, for which modprobe does nothing
 * @throws Error of node:fs when the file cannot be read
 */
export function evaluateFile(state: EvaluationState, open: OpenFile): boolean {
  const text = readText(state, open.file);
  state.filesRead.push(open.file);
  if (open.depth > 0) state.includedLength += text.length;
  return new FileEvaluation(state, open).run(text);
}

/** {@link evaluateFile} for a text that is there already. */
export function evaluateText(state: EvaluationState, file: string, text: string): boolean {
  state.filesRead.push(file);
  const identities = [state.settings.files.identity(file)];
  return new FileEvaluation(state, { file, depth: 0, identities }).run(text);
}

function readText({ settings }: EvaluationState, file: string): string {
  try {
    return fileText(settings.files.read(file));
  } catch (error) {
    // A folder could be opened, and was empty.
    if (settings.mode === '2.4' && (error as NodeJS.ErrnoException).code === 'EISDIR') return '';
    throw error;
  }
}

/** One file's lines and conditions. */
class FileEvaluation {
  readonly #state: EvaluationState;
  readonly #open: OpenFile;
  readonly #diagnostics: FileDiagnostics;
  readonly #conditions: ConditionalStack;
  #isSound = true;
  /** Set by what modutils stopped reading for. */
  #isStopped = false;
  /** Whether the next path throws away those that are there. */
  #dropsPaths = true;

  constructor(state: EvaluationState, open: OpenFile) {
    this.#state = state;
    this.#open = open;
    this.#diagnostics = new FileDiagnostics(open.file, state.diagnostics);
    this.#conditions = new ConditionalStack(state.settings.mode);
  }

  run(text: string): boolean {
    const { file } = this.#open;
    const { trees, settings } = this.#state;
    // A file may be included again and again.
    const { statements } = trees.get(text) ?? parseSyntaxTree(text, file, settings.mode);
    trees.set(text, { statements });
    for (const statement of statements) {
      if (!isIdle(statement)) this.#read(statement);
      if (this.#isStopped) return false;
    }
    if (this.#conditions.depth > 0) {
      this.#isSound = false;
      this.#diagnostics.addAt(statements.at(-1)?.line.lastLine ?? 1, {
        code: 'missing-endif',
        severity: 'error',
        text: `the file ends within ${this.#conditions.depth === 1 ? 'a condition' : `${this.#conditions.depth} conditions`}`,
        remedy: 'Write the endif that is missing; one in a file that includes this one does not count.',
        original: [`missing endif at ${file} EOF`],
      });
    }
    return this.#isSound;
  }

  #read(statement: Statement): void {
    const directive = findDirective(statement.keyword, statement.isAssignment);
    if (directive?.kind === 'conditional') this.#readConditional(statement, directive.name);
    else if (!this.#conditions.isRunning()) {
      if (directive !== undefined) this.#log(statement, directive, false);
    } else if (directive === undefined) this.#reject(statement);
    else if (!isForModprobeOnly(directive) || this.#state.settings.scope === 'all')
      this.#apply(statement, directive);
  }

  #readConditional(statement: Statement, name: 'if' | 'elseif' | 'else' | 'endif'): void {
    const conditions = this.#conditions;
    if (name === 'if') {
      this.#openCondition(statement);
      return;
    }
    if (conditions.depth === 0) {
      const original = `${name === 'endif' ? 'unmatched endif' : `${name} without if`} in line ${statement.line.number}`;
      this.#fail(statement, {
        code: 'else-without-if',
        severity: 'error',
        text: `${name} without an if in this file`,
        remedy: 'Remove the line, or write the if that is missing.',
        original: [original],
      });
      // Without it the rest may mean anything; all that is wrong is told nevertheless.
      this.#isStopped = this.#state.settings.mode === '2.4';
      return;
    }
    if (name === 'endif') conditions.close();
    else if (this.#isMisplaced(statement, name)) return;
    else if (name === 'else') conditions.otherwise();
    else if (conditions.needsElseIf()) conditions.elseIf(this.#decide(statement));
  }

  #openCondition(statement: Statement): void {
    if (this.#conditions.depth >= MAX_NESTING) {
      this.#fail(statement, {
        code: 'too-many-ifs',
        severity: 'error',
        text: `conditions nest deeper than ${MAX_NESTING}`,
        remedy: 'Split the file, or use elseif.',
        original: [`Too many nested if's in line ${statement.line.number}\n`],
      });
      this.#isStopped = true;
      return;
    }
    // `open` looks at the state before.
    this.#conditions.open(this.#conditions.isDeciding() && this.#decide(statement));
  }

  #isMisplaced(statement: Statement, name: string): boolean {
    if (this.#state.settings.mode === '2.4' || !this.#conditions.hasElse()) return false;
    this.#fail(statement, {
      code: 'misplaced-else',
      severity: 'error',
      text: `${name} after the else of the same if`,
      remedy: 'Write one else at most, as the last branch.',
    });
    return true;
  }

  #decide(statement: Statement): boolean {
    const { settings } = this.#state;
    const holds = conditionHolds(statement.value, {
      mode: settings.mode,
      autoclean: settings.autoclean,
      isReadable: settings.files.isReadable,
      expand: (text) => this.#expand(statement, text),
      warn: (code, found) => {
        const isOperator = code === 'unknown-operator';
        this.#diagnostics.add(statement, {
          code,
          severity: 'warning',
          index: statement.valueStart,
          text: isOperator
            ? `${JSON.stringify(found)} is no comparison: the condition never holds`
            : `no blank after the "!" of ${JSON.stringify(found)}: modutils would have passed over the word`,
          remedy: isOperator ? 'Use one of == = != < <= > >=.' : 'Write "! " and a blank.',
        });
      },
    });
    const origin = this.#origin(statement);
    this.#state.conditions.push({ expression: statement.value, holds, origin });
    return holds;
  }

  #apply(statement: Statement, directive: Directive): void {
    if (statement.isGlued)
      this.#diagnostics.add(statement, {
        code: 'glued-add',
        severity: 'warning',
        text: `no blank after "add"`,
        remedy: `Write "add ${statement.keyword}".`,
      });
    this.#log(statement, directive, true);
    if (directive.kind === 'single' && directive.name === 'include') {
      this.#include(statement);
      return;
    }
    const state = this.#state;
    const isShared = state.settings.mode === 'fixed';
    const outcome = applyDirective(directive, {
      state,
      statement,
      origin: this.#origin(statement),
      dropsPaths: isShared ? state.dropsPaths : this.#dropsPaths,
      expand: (text, base) => this.#expand(statement, text, base),
    });
    for (const finding of outcome.findings) {
      if (finding.code === 'invalid-line') this.#reject(statement, finding.text);
      else this.#fail(statement, finding);
    }
    if (!outcome.settlesPaths) return;
    this.#dropsPaths = false;
    state.dropsPaths = false;
  }

  #include(statement: Statement): void {
    const { depth, identities } = this.#open;
    const { settings, filesRead, includedLength } = this.#state;
    const isTooMuch = filesRead.length >= MAX_FILES || includedLength > MAX_INCLUDED;
    if (depth > MAX_DEPTH || isTooMuch) {
      this.#fail(statement, {
        code: 'too-many-includes',
        severity: 'error',
        text:
          depth > MAX_DEPTH
            ? `files include each other deeper than ${MAX_DEPTH}`
            : `more than ${MAX_FILES} files or ${MAX_INCLUDED} characters are included`,
        remedy: 'Look for a file that includes itself.',
        original: [`Too many include level in line ${statement.line.number}\n`],
      });
      this.#isStopped = true;
      return;
    }
    const file = this.#expand(statement, statement.value).words[0] ?? statement.value;
    const identity = settings.files.identity(file);
    if (settings.mode === 'fixed' && identity !== undefined && identities.includes(identity)) {
      this.#failInclude(statement, `${file} includes itself`, []);
      return;
    }
    try {
      const isSound = evaluateFile(this.#state, {
        file,
        depth: depth + 1,
        identities: [...identities, identity],
      });
      if (!isSound) this.#failInclude(statement, `${file} has errors`, []);
    } catch (error) {
      this.#failInclude(statement, `${file} cannot be read: ${systemErrorText(error)}`, [
        `Can't open ${file}`,
      ]);
    }
  }

  #failInclude(statement: Statement, text: string, before: readonly string[]): void {
    const isCounted = this.#state.settings.scope === 'all';
    const invalid = isCounted ? (invalidLine(statement, this.#open.file).original ?? []) : [];
    const finding: StatementFinding = {
      code: 'include-failed',
      severity: isCounted ? 'error' : 'warning',
      text,
      remedy: 'Correct that file or its name, or remove the line.',
      original: [...before, `include ${statement.value} failed\n`, ...invalid],
    };
    this.#fail(statement, finding);
  }

  #expand(statement: Statement, text: string, baseDirectory = ''): ExpandedValue {
    const { settings, expansion } = this.#state;
    const value = expandValue(text, expansion, baseDirectory);
    if (value.failure !== undefined)
      this.#fail(statement, expansionFinding(value.failure, statement, settings.mode));
    if (value.hasOpenQuote) this.#diagnostics.add(statement, openQuoteFinding(statement));
    return value;
  }

  /** A line that is not valid; only modprobe cares. */
  #reject(statement: Statement, explanation?: string): void {
    if (this.#state.settings.scope === 'all')
      this.#fail(statement, invalidLine(statement, this.#open.file, explanation));
  }

  #fail(statement: Statement, finding: StatementFinding): void {
    if (finding.severity === 'error') this.#isSound = false;
    this.#diagnostics.add(statement, finding);
  }

  #log(statement: Statement, directive: Directive, isActive: boolean): void {
    const record = lineRecord(directive, statement, this.#origin(statement), isActive);
    if (record !== undefined) this.#state.lines.push(record);
  }

  #origin({ line }: Statement): ConfOrigin {
    return { file: this.#open.file, firstLine: line.firstLine, line: line.lastLine };
  }
}
