/** What a module wants loaded besides itself, without needing it. */
export interface SoftDependencies {
  /** Names or aliases, to be loaded before the module. */
  readonly pre: readonly string[];
  /** To be loaded after it. */
  readonly post: readonly string[];
}

/**
 * Takes values of `softdep` apart, `pre: a b post: c`, and joins them. Words before the first marker belong nowhere, as
 * with kmod.
 */
export function splitSoftDependencies(values: readonly string[]): SoftDependencies {
  const pre: string[] = [];
  const post: string[] = [];
  for (const value of values) {
    let members: string[] = [];
    for (const word of splitWords(value)) {
      if (word === 'pre:') members = pre;
      else if (word === 'post:') members = post;
      else members.push(word);
    }
  }
  return { pre, post };
}

/** Words between blanks. */
export function splitWords(text: string): readonly string[] {
  return text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}
