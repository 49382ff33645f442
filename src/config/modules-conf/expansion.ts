import type { FileAccess } from './file-access.ts';
import { globPaths } from './path-glob.ts';
import type { ReadingMode } from './reading-mode.ts';
import { type ExpansionFailure, expandVariables } from './shell-variables.ts';
import { isWhiteSpace } from './white-space.ts';
import { splitAtBlanks, splitPlain, splitQuoted } from './words.ts';

/** Runs a shell command and gives its standard output; undefined if it could not be started. */
export type ShellRunner = (command: string, environment: ReadonlyMap<string, string>) => string | undefined;

/** What values are expanded with. */
export interface ExpansionContext {
  readonly mode: ReadingMode;
  /** Kernel release that `` `uname -r` `` stands for. */
  readonly release: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly files: FileAccess;
  /** Undefined when commands in values are not run. */
  readonly shell: ShellRunner | undefined;
}

/** Words of a value, and what was wrong with it. */
export interface ExpandedValue {
  readonly words: readonly string[];
  readonly failure?: ExpansionFailure | undefined;
  /** A quote that is not closed. */
  readonly hasOpenQuote: boolean;
}

const META = /[&();|<>$`"'\\!{}[\]~=+:?*]/;
const OTHER_THAN_QUOTES = /[&();|<>$`!{}[\]~=+:?*]/;
const OTHER_THAN_EQUALS = /[&();|<>$`"'\\!{}~+:[\]?*]/;
const OTHER_THAN_GLOB = /[&();|<>$`"'\\!{}~=+:]/;

/**
 * Expands a value as modutils does: the two built-in commands; then, by the characters that are left, plain words,
 * quoted words, file names, or what a shell's echo makes of it.
 *
 * @param baseDirectory goes in front: in mode `2.4` of the first word, and only where modutils does so; in mode
 *   `fixed` of every word that begins with a slash
 */
export function expandValue(text: string, context: ExpansionContext, baseDirectory = ''): ExpandedValue {
  if (context.mode === '2.4') return expandText(text, context, baseDirectory);
  const value = expandText(text, context, '');
  const words = value.words.map((word) => (word.startsWith('/') ? `${baseDirectory}${word}` : word));
  return { ...value, words };
}

function expandText(text: string, context: ExpansionContext, base: string): ExpandedValue {
  const given = replaceBuiltInCommands(text, context.release);
  if (!META.test(given)) return plainWords(splitAtBlanks(base + given));
  if (!OTHER_THAN_QUOTES.test(given)) return quotedWords(given);
  if (!OTHER_THAN_EQUALS.test(given)) return plainWords(splitPlain(given));
  if (!OTHER_THAN_GLOB.test(given)) {
    const paths = globPaths(given, context.files);
    if (paths[0] !== undefined && !META.test(paths[0])) return plainWords(paths);
  }
  return echoWords(base + given, context);
}

/** The version up to its second dot: 2.4 of 2.4.20, 6.1 of 6.1.0-56-amd64. */
export function kernelVersion(release: string): string {
  return release.split('.').slice(0, 2).join('.');
}

/** Replaces `` `uname -r` `` and `` `kernelversion` `` from the left, up to the first other command. */
function replaceBuiltInCommands(text: string, release: string): string {
  let result = text;
  for (let start = result.indexOf('`'); start !== -1; start = result.indexOf('`', start)) {
    let command = start + 1;
    while (isWhiteSpace(result, command)) command++;
    const end = result.indexOf('`', command);
    const value = result.startsWith('uname -r', command)
      ? release
      : result.startsWith('kernelversion', command)
        ? kernelVersion(release)
        : undefined;
    if (value === undefined || end === -1) return result;
    result = result.slice(0, start) + value + result.slice(end + 1);
    start += value.length;
  }
  return result;
}

function echoWords(text: string, context: ExpansionContext): ExpandedValue {
  const expanded = expandVariables(text, context.environment);
  if (expanded.failure === undefined) return printedWords(expanded.text, context.mode);
  if (expanded.failure.kind !== 'command' || context.shell === undefined)
    return { words: [], failure: expanded.failure, hasOpenQuote: false };
  const escaped = text.replaceAll(/["\\]/g, String.raw`\$&`);
  const output = context.shell(`/bin/echo "${escaped}"`, context.environment);
  return output === undefined
    ? { words: [], failure: expanded.failure, hasOpenQuote: false }
    : quotedWords(output.endsWith('\n') ? output.slice(0, -1) : output);
}

/** What echo prints: options of its own it does not print. */
function printedWords(text: string, mode: ReadingMode): ExpandedValue {
  if (mode === '2.4' && /^-[neE]+$/.test(text)) return plainWords([]);
  return quotedWords(text);
}

function plainWords(words: readonly string[]): ExpandedValue {
  return { words, hasOpenQuote: false };
}

function quotedWords(text: string): ExpandedValue {
  const { words, openQuote } = splitQuoted(text);
  return { words, hasOpenQuote: openQuote !== undefined };
}
