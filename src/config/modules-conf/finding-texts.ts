import { nearestName } from '../../errors/argument.ts';
import { findDirective, keywords } from './directive.ts';
import type { StatementFinding } from './diagnostics.ts';
import type { ExpansionFailure } from './shell-variables.ts';
import { keywordAsRead, type Statement } from './statement.ts';

/** What is longer is no misspelt keyword. */
const MAX_KEYWORD = 20;

/** A line that is no directive. */
export function invalidLine(statement: Statement, file: string, explanation?: string): StatementFinding {
  return {
    code: 'invalid-line',
    severity: 'error',
    text: explanation ?? `${JSON.stringify(statement.keyword)} is not a directive`,
    remedy: invalidLineRemedy(statement),
    original: [`Invalid line ${statement.line.number} in ${file}\n\t${keywordAsRead(statement)}`],
  };
}

function invalidLineRemedy({ keyword, isAssignment, value }: Statement): string {
  if (/^path\[?/.test(keyword) && !isAssignment)
    return 'Write path[TAG]=DIRECTORY, with no blank before the "=".';
  const otherWay = findDirective(keyword, !isAssignment);
  if (otherWay !== undefined)
    return isAssignment
      ? `Write ${keyword} and its values with a blank between, without "=".`
      : `Write ${keyword}=VALUE, with no blank before the "=".`;
  if (['blacklist', 'softdep', 'weakdep', 'config'].includes(keyword))
    return `${keyword} belongs to modprobe.d, not to modules.conf: move the line to a file there.`;
  const nearest = keyword.length > MAX_KEYWORD ? undefined : nearestName(keyword, keywords);
  if (nearest !== undefined) return `Did you mean ${nearest}?`;
  return value === '' && keyword === ''
    ? 'Remove the line, or write a keyword in front.'
    : 'Remove the line, or put a # in front of it.';
}

/** A value that could not be expanded. */
export function expansionFinding(
  failure: ExpansionFailure,
  statement: Statement,
  mode: '2.4' | 'fixed',
): StatementFinding {
  const { value, valueStart } = statement;
  // What failed is the end of the value, unless something in front of it was replaced.
  const offset = value.endsWith(failure.text) ? value.length - failure.text.length : 0;
  const at = { index: valueStart + offset };
  const shown = JSON.stringify(failure.text.slice(0, 60));
  switch (failure.kind) {
    case 'command':
      return {
        ...at,
        code: 'command-not-run',
        severity: 'error',
        text: `a shell would have to run ${shown}`,
        remedy: 'Write the result instead, or allow commands in values (allowShell) if you trust the file.',
      };
    case 'bad-substitution':
      return {
        ...at,
        code: 'bad-substitution',
        // The shell complained, and modutils went on with no words.
        severity: mode === '2.4' ? 'warning' : 'error',
        text: `a shell refuses ${shown}; the value is empty`,
        remedy: 'Correct the "${…}".',
      };
    default:
      return {
        ...at,
        code: 'too-long',
        severity: 'error',
        text: 'the value grows beyond a million characters',
        remedy: 'Do not define variables by several copies of themselves.',
      };
  }
}

/** A quote without its end. */
export function openQuoteFinding(statement: Statement): StatementFinding {
  const isCut = statement.line.comments.length > 0;
  return {
    code: 'unbalanced-quote',
    severity: 'warning',
    index: statement.valueStart,
    text: `a quote is not closed; the value ends with the line`,
    remedy: isCut
      ? 'A "#" begins a comment even within quotes: leave it out of the value.'
      : String.raw`Close the quote. A backslash does not protect one: for a quote within a value write '"a b"'.`,
  };
}
