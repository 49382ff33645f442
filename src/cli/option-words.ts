/** The words of the variable MODPROBE_OPTIONS. */

/**
 * Splits a text into words: white space separates, quotes of either kind hold words together and may begin anywhere. A
 * quote that is never closed is taken as it stands, with all that follows, as kmod takes it.
 */
export function splitWords(text: string): readonly string[] {
  const words = text.matchAll(/(?:"[^"]*"|'[^']*'|["'].*|[^\s"'])+/gs);
  return [...words].map(([word]) =>
    word.replaceAll(
      /"([^"]*)"|'([^']*)'|["'].*/gs,
      (quoted: string, double?: string, single?: string) => double ?? single ?? quoted,
    ),
  );
}

/**
 * Splits as kmod 34 does: each single space separates, so that two of them have an empty word between them, and a quoted
 * word ends at its quote, so that a space behind it begins an empty one.
 */
export function splitWordsAsKmod(text: string): readonly string[] {
  const words: string[] = [];
  let rest = text;
  while (rest !== '') {
    const quoted = /^(["'])(.*?)\1/s.exec(rest);
    const word = quoted ?? /^(?:(["']).*?\1|[^ "']|["'].*)*/s.exec(rest);
    const length = word?.[0].length ?? 0;
    words.push(quoted?.[2] ?? rest.slice(0, length).replaceAll(/(["'])(.*?)\1/gs, '$2'));
    rest = rest.slice(length);
    if (quoted === null) rest = rest.slice(1);
  }
  return words;
}

/** A word so that both ways of splitting give it back. */
export function quoteWord(word: string): string {
  if (word !== '' && !/[\s"']/.test(word)) return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}

/**
 * The words of a command line that is being written, as a shell splits them; the last one, which may be empty, is the one
 * to complete. Quotes that are open are taken as closed.
 */
export function wordsToComplete(line: string): readonly string[] {
  const words = line.matchAll(/(?:\\.|"(?:\\.|[^"\\])*"?|'[^']*'?|[^\s"'\\])+/gs);
  const plain = [...words].map(([word]) =>
    word.replaceAll(
      /\\(.)|"((?:\\.|[^"\\])*)"?|'([^']*)'?/gs,
      (_, escaped?: string, double?: string, single?: string) => escaped ?? double ?? single ?? '',
    ),
  );
  return line === '' || /\s$/.test(line) ? [...plain, ''] : plain;
}
