const PLAIN = /^[\w@%+=:,./-]+$/;

/** A text as one word of a command for the shell: in single quotes where it has to be. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
