import { isWhiteSpace, skipWhiteSpace } from './white-space.ts';

/** The first word of a text, and what follows it. */
export interface FirstWord {
  /** With its quotes. */
  readonly word: string;
  readonly rest: string;
  /** Whether a quote in it is not closed; it then reaches to the end. */
  readonly isOpen: boolean;
}

/** Takes a name from a text: a word ends at white space outside of `'…'`, `"…"` and `` `…` ``, which stay in it. */
export function firstWord(text: string): FirstWord {
  let at = 0;
  let isOpen = false;
  while (at < text.length && !isWhiteSpace(text, at)) {
    const quote = text.charAt(at++);
    if (!'"\'`'.includes(quote)) continue;
    while (at < text.length && text[at] !== quote) at += text[at] === '\\' && text[at + 1] === quote ? 2 : 1;
    isOpen ||= at >= text.length;
    at++;
  }
  const end = Math.min(at, text.length);
  return { word: text.slice(0, end), rest: text.slice(skipWhiteSpace(text, end)), isOpen };
}

/** Words of a value. */
export interface QuotedWords {
  readonly words: readonly string[];
  /** Place of a quote that is not closed; its word ends with the text. */
  readonly openQuote: number | undefined;
}

/**
 * Splits a value at white space and takes one level of `'…'` and `"…"` off; quotes may begin within a word. Within
 * them a backslash in front of the same quote stays, as does the quote; outside a backslash vanishes, and what follows
 * it is read as if it were not there. Empty words do not count.
 */
export function splitQuoted(text: string): QuotedWords {
  const words: string[] = [];
  let openQuote: number | undefined;
  for (let at = skipWhiteSpace(text, 0); at < text.length; at = skipWhiteSpace(text, at)) {
    let word = '';
    for (; at < text.length && !isWhiteSpace(text, at); at++) {
      const character = text.charAt(at);
      if (character === '\\') continue;
      if (character !== '"' && character !== "'") {
        word += character;
        continue;
      }
      const start = at++;
      for (; at < text.length && text[at] !== character; at++) {
        word += text.charAt(at);
        if (text[at] === '\\' && text[at + 1] === character) word += text.charAt(++at);
      }
      if (at >= text.length) openQuote ??= start;
    }
    if (word !== '') words.push(word);
  }
  return { words, openQuote };
}

/** Splits at any white space. */
export function splitPlain(text: string): readonly string[] {
  return text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}

/** Splits at blanks, tabs and newlines only. */
export function splitAtBlanks(text: string): readonly string[] {
  return text.split(/[ \t\n]+/).filter((word) => word !== '');
}
