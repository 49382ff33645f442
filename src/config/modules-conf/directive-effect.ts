import type { ConfOrigin } from './conf-origin.ts';
import type { StatementFinding } from './diagnostics.ts';
import { type Directive, type GeneratedFileName, type ListDirective, pathTag } from './directive.ts';
import type { EvaluationState } from './evaluation-state.ts';
import type { ExpandedValue } from './expansion.ts';
import type { ConfLine } from './model.ts';
import type { Statement } from './statement.ts';
import { firstWord } from './words.ts';

/** A line that takes effect. */
export interface ActiveLine {
  readonly state: EvaluationState;
  readonly statement: Statement;
  readonly origin: ConfOrigin;
  /** Whether a path throws away those that are there. */
  readonly dropsPaths: boolean;
  readonly expand: (text: string, baseDirectory?: string) => ExpandedValue;
}

/** What came of a line. */
export interface DirectiveOutcome {
  readonly findings: readonly StatementFinding[];
  /** Whether no later path throws others away. */
  readonly settlesPaths: boolean;
}

const nothing: DirectiveOutcome = { findings: [], settlesPaths: false };

/** Lets a directive take effect that is neither a condition nor an include. */
export function applyDirective(directive: Directive, line: ActiveLine): DirectiveOutcome {
  const { state, statement, origin } = line;
  switch (directive.kind) {
    case 'list':
      return applyList(directive.name, line);
    case 'command': {
      const { word, rest } = firstWord(statement.value);
      state.commands.push({ kind: directive.name, name: word, command: rest, origin });
      return word === '' ? withFinding(commandWithoutModule(statement)) : nothing;
    }
    case 'path':
      return applyPath(directive.name, line);
    case 'generated-file':
      return applyGeneratedFile(directive.name, line);
    case 'single':
      return applySingle(directive.name, line);
    default:
      return nothing;
  }
}

function applyList(list: ListDirective, { state, statement, origin, expand }: ActiveLine): DirectiveOutcome {
  let { word, rest } = firstWord(statement.value);
  const noAutoclean = list === 'options' && word === '-k';
  const isNameMissing = noAutoclean && rest === '';
  if (noAutoclean) ({ word, rest } = firstWord(rest));
  const { words } = expand(rest);
  const adds = statement.adds && list !== 'alias';
  state.lists[list].put({ name: word, words, origin, adds, noAutoclean });
  if (!isNameMissing) return nothing;
  return withFinding({
    code: 'missing-option-module',
    severity: 'warning',
    text: 'options -k names no module',
    remedy: 'Write the name of the module after -k.',
    original: ['Missing module argument after -k\n'],
  });
}

function applyPath(
  keyword: string,
  { state, statement, origin, dropsPaths, expand }: ActiveLine,
): DirectiveOutcome {
  if (dropsPaths) state.paths = [];
  const tag = pathTag(keyword);
  for (const directory of expand(statement.value, state.settings.baseDirectory).words)
    state.paths.push({ tag, directory, origin });
  return { findings: [], settlesPaths: true };
}

function applyGeneratedFile(
  name: GeneratedFileName,
  { state, statement, origin }: ActiveLine,
): DirectiveOutcome {
  const isGiven = state.generatedFiles.has(name);
  const isFixed = state.settings.mode === 'fixed';
  const isFromEnvironment = isGiven && state.generatedFiles.get(name)?.origin === undefined;
  if (!isGiven || (isFixed && !isFromEnvironment))
    state.generatedFiles.set(name, { value: statement.value, origin });
  if (!isGiven || (isFixed && isFromEnvironment)) return nothing;
  const text = `${name}file is given a second time`;
  if (!isFixed) return withFinding({ code: 'invalid-line', severity: 'error', text, remedy: '' });
  return withFinding({
    code: 'duplicate-file-name',
    severity: 'warning',
    text: `${text}; this line counts`,
    remedy: 'Remove one of the two lines: modutils took the second one for an error.',
  });
}

function applySingle(
  name: 'define' | 'include' | 'prune' | 'keep' | 'insmod_opt' | 'persistdir',
  { state, statement, origin, dropsPaths, expand }: ActiveLine,
): DirectiveOutcome {
  const { value } = statement;
  const { word, rest } = firstWord(value);
  switch (name) {
    case 'define':
      define(state, word, expand(rest).words[0] ?? '', origin);
      return nothing;
    case 'prune':
      state.lists.prune.put({ name: word, words: expand(rest).words, origin, adds: statement.adds });
      return nothing;
    case 'keep':
      if (dropsPaths) state.keeps.push(origin);
      return { findings: [], settlesPaths: true };
    case 'insmod_opt':
      state.insmodOptions = { value, origin };
      return nothing;
    case 'persistdir':
      state.persistDirectory = { value: expand(value).words[0] ?? value, origin };
      return nothing;
    default:
      return nothing;
  }
}

/** Longest `NAME=VALUE` that modutils kept, in bytes. */
const MAX_DEFINITION = 4095;

function define(state: EvaluationState, word: string, value: string, origin: ConfOrigin): void {
  // It is handed to putenv, which takes the first `=` for the end of the name.
  let text = `${word}=${value}`;
  if (Buffer.byteLength(text) > MAX_DEFINITION)
    text = Buffer.from(text)
      .subarray(0, MAX_DEFINITION)
      .toString()
      .replace(/\ufffd+$/, '');
  const equals = text.indexOf('=');
  if (equals === -1) return;
  const record = { name: text.slice(0, equals), value: text.slice(equals + 1) };
  if (record.name !== '') state.environment.set(record.name, record.value);
  state.defines.push({ ...record, origin });
}

function commandWithoutModule({ keyword }: Statement): StatementFinding {
  return {
    code: 'command-without-module',
    severity: 'warning',
    text: `${keyword} names no module`,
    remedy: 'Write the name of the module and the command, or remove the line.',
  };
}

function withFinding(finding: StatementFinding): DirectiveOutcome {
  return { findings: [finding], settlesPaths: false };
}

/** The line, for those who ask which lines name something; undefined for a directive that names nothing. */
export function lineRecord(
  directive: Directive,
  { value, keyword }: Statement,
  origin: ConfOrigin,
  isActive: boolean,
): ConfLine | undefined {
  const first = firstWord(value);
  const { word: name, rest } =
    directive.name === 'options' && first.word === '-k' ? firstWord(first.rest) : first;
  if (directive.kind === 'list' || directive.kind === 'command')
    return { directive: directive.name, name, value: rest, origin, isActive };
  if (directive.kind === 'path')
    return { directive: 'path', name: pathTag(keyword), value, origin, isActive };
  if (directive.name === 'prune' || directive.name === 'define' || directive.name === 'include')
    return { directive: directive.name, name, value: rest, origin, isActive };
  return undefined;
}
