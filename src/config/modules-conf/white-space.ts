/** What C's isspace takes for white space in the C locale. */
const WHITE_SPACE = ' \t\n\v\f\r';

/** Whether there is white space at a place; false behind the end. */
export function isWhiteSpace(text: string, index: number): boolean {
  return index < text.length && WHITE_SPACE.includes(text.charAt(index));
}

/** The first place from `index` on without white space. */
export function skipWhiteSpace(text: string, index: number): number {
  let at = index;
  while (isWhiteSpace(text, at)) at++;
  return at;
}

/** The text without the white space at its end. */
export function withoutTrailingSpace(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text, end - 1)) end--;
  return text.slice(0, end);
}
