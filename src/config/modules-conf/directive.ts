/** Lists by name. */
export type ListDirective = 'above' | 'below' | 'probe' | 'probeall' | 'alias' | 'options';
/** Commands around loading and unloading. */
export const commandDirectives = [
  'pre-install',
  'install',
  'post-install',
  'pre-remove',
  'remove',
  'post-remove',
] as const;
/** One of {@link commandDirectives}. */
export type CommandDirective = (typeof commandDirectives)[number];
/** Files that depmod writes, without `file` at the end; in modutils' order. */
export const generatedFileNames = [
  'generic_string',
  'pcimap',
  'isapnpmap',
  'usbmap',
  'parportmap',
  'ieee1394map',
  'pnpbiosmap',
  'dep',
] as const;
/** One of {@link generatedFileNames}. */
export type GeneratedFileName = (typeof generatedFileNames)[number];

/** What a keyword stands for. */
export type Directive =
  | { readonly kind: 'conditional'; readonly name: 'if' | 'elseif' | 'else' | 'endif' }
  | { readonly kind: 'list'; readonly name: ListDirective }
  | { readonly kind: 'command'; readonly name: CommandDirective }
  | { readonly kind: 'generated-file'; readonly name: GeneratedFileName }
  | { readonly kind: 'path'; readonly name: string }
  | {
      readonly kind: 'single';
      readonly name: 'define' | 'include' | 'prune' | 'keep' | 'insmod_opt' | 'persistdir';
    };

/** Directives that are written without `=`. */
const plain: Readonly<Record<string, Directive>> = {
  ...named('conditional', ['if', 'elseif', 'else', 'endif']),
  ...named('list', ['above', 'below', 'probe', 'probeall', 'alias', 'options']),
  ...named('command', commandDirectives),
  ...named('single', ['define', 'include', 'prune', 'keep']),
};

/** Directives that are written with `=`. */
const assigned: Readonly<Record<string, Directive>> = {
  ...named('single', ['insmod_opt', 'persistdir']),
  // By an accident of the original.
  if: { kind: 'conditional', name: 'if' },
  ...Object.fromEntries(generatedFileNames.map((name) => [`${name}file`, { kind: 'generated-file', name }])),
};

/** All keywords, for suggestions. */
export const keywords: readonly string[] = [...Object.keys(plain), ...Object.keys(assigned), 'path'];

/** The directive of a keyword; undefined for an unknown one, or one that is written the other way. */
export function findDirective(keyword: string, isAssignment: boolean): Directive | undefined {
  if (isAssignment && keyword.startsWith('path')) return { kind: 'path', name: keyword };
  const table = isAssignment ? assigned : plain;
  return Object.hasOwn(table, keyword) ? table[keyword] : undefined;
}

/** Whether only modprobe reads it: insmod, depmod and modinfo pass over it without a word. */
export function isForModprobeOnly({ kind }: Directive): boolean {
  return kind === 'list' || kind === 'command';
}

/** The text in brackets that ends the keyword of a path; `misc` without it. */
export function pathTag(keyword: string): string {
  return /^path\[([^\]]*)\]$/s.exec(keyword)?.[1] ?? 'misc';
}

function named(kind: Directive['kind'], names: readonly string[]): Readonly<Record<string, Directive>> {
  return Object.fromEntries(names.map((name) => [name, { kind, name } as Directive]));
}
