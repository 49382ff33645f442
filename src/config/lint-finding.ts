/** Something in a configuration that is probably not meant. */
export interface LintFinding {
  readonly file: string;
  /** From 1; null when it is about all of the file. */
  readonly line: number | null;
  /** Stable name of what was found. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** What is known of the modules that a configuration is for. Names have underscores. */
export interface ModuleFacts {
  /** Whether there is a module of that name, be it builtin. */
  readonly hasModule: (name: string) => boolean;
  /** Whether the indexes have modules for a name that is no module's. */
  readonly isAlias: (name: string) => boolean;
  /** Names of a module's parameters; undefined when they cannot be known. */
  readonly parameters: (module: string) => readonly string[] | undefined;
  /** Modules that need this one. */
  readonly dependents: (module: string) => readonly string[];
}

/** `FILE:LINE: severity: text (code)` and the remedy. */
export function findingText({ file, line, severity, text, code, remedy }: LintFinding): string {
  const place = line === null ? file : `${file}:${line}`;
  return `${place}: ${severity}: ${text} (${code})\n    ${remedy}\n`;
}

/** The names of the parameters in a text of options, with underscores; quoted blanks part none. */
export function parameterNames(text: string): readonly string[] {
  return [...text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map(([item]) =>
    (item.replace(/^"/, '').split('=')[0] ?? '').replaceAll('-', '_'),
  );
}
