import { type SoftDependencies, splitSoftDependencies, splitWords } from './modinfo-dependency.ts';
import type { ModinfoOfFile } from './modinfo-file.ts';
import { type ModinfoEntry, textOfBytes } from './modinfo-section.ts';
import { type SignatureInformation, summarizeSignature } from './modinfo-signature.ts';
import { listParameters } from './parameter-list.ts';
import { type ModuleParameter, typedParameter } from './parameter-type.ts';

/** Which kernel a module was built for. */
export interface Vermagic {
  /** All of it, as the kernel compares it. */
  readonly text: string;
  /** Its first word: the kernel's release. */
  readonly release: string;
  /** The other words, for example `SMP`, `preempt`, `mod_unload`, `modversions`, `aarch64`. */
  readonly flags: readonly string[];
}

/** All that a module says of itself, with types. What it does not say is null, false or empty. */
export interface ModuleInformation {
  /** The kernel's name of it, with underscores, from the name of its file. */
  readonly name: string;
  /** Absolute path; null for a part of the kernel's image. */
  readonly filename: string | null;
  /** Whether it is part of the kernel's image. */
  readonly builtin: boolean;
  /** The name inside the file (`name`), which modules of older kernels lack. */
  readonly declaredName: string | null;
  readonly description: string | null;
  readonly authors: readonly string[];
  /** What the kernel reads as the licence. */
  readonly license: string | null;
  readonly version: string | null;
  /** Checksum of the sources (`srcversion`). */
  readonly sourceVersion: string | null;
  readonly vermagic: Vermagic | null;
  /** Modules whose symbols it uses, by the names of their files, as written. */
  readonly dependencies: readonly string[];
  readonly softDependencies: SoftDependencies;
  /** Modules that it may ask for later on. */
  readonly weakDependencies: readonly string[];
  /** Patterns of aliases. */
  readonly aliases: readonly string[];
  /** Paths below the folder of firmware; may hold wildcards. */
  readonly firmware: readonly string[];
  /** Namespaces of symbols that it imports. */
  readonly importedNamespaces: readonly string[];
  readonly parameters: readonly ModuleParameter[];
  /** Whether it was built within the kernel's own sources. */
  readonly intree: boolean;
  readonly retpoline: boolean;
  readonly staging: boolean;
  readonly livepatch: boolean;
  /** Null without a signature; it is not verified. */
  readonly signature: SignatureInformation | null;
  /** The linker's build id in lower-case hexadecimal digits. */
  readonly buildId: string | null;
  /**
   * All values of all other keys, and of those that have one value above where the module has several. A value is
   * decoded as UTF-8 where it is that, otherwise as Latin-1.
   */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** Keys with a list of values or a meaning of their own. */
const listed: ReadonlySet<string> = new Set([
  'author',
  'depends',
  'softdep',
  'weakdep',
  'alias',
  'firmware',
  'import_ns',
  'parm',
  'parmtype',
  'intree',
  'retpoline',
  'staging',
  'livepatch',
]);
/** Keys of which the first value counts. */
const single: ReadonlySet<string> = new Set([
  'name',
  'description',
  'license',
  'version',
  'srcversion',
  'vermagic',
]);

/** Puts what a module says of itself into types. */
export function summarizeModinfo(
  module: { readonly module: string; readonly path: string | null; readonly builtin: boolean },
  { entries, signature, buildId }: ModinfoOfFile,
): ModuleInformation {
  const values = groupValues(entries);
  const all = (key: string): readonly string[] => values.get(key) ?? [];
  const first = (key: string): string | null => all(key)[0] ?? null;
  const vermagic = first('vermagic');
  return {
    name: module.module,
    filename: module.path,
    builtin: module.builtin,
    declaredName: first('name'),
    description: first('description'),
    authors: all('author'),
    license: first('license'),
    version: first('version'),
    sourceVersion: first('srcversion'),
    vermagic: vermagic === null ? null : splitVermagic(vermagic),
    dependencies: all('depends').flatMap((value) => value.split(',').filter((name) => name !== '')),
    softDependencies: splitSoftDependencies(all('softdep')),
    weakDependencies: all('weakdep').flatMap(splitWords),
    aliases: all('alias'),
    firmware: all('firmware'),
    importedNamespaces: all('import_ns'),
    parameters: listParameters(entries).parameters.map(typedParameter),
    intree: values.has('intree'),
    retpoline: values.has('retpoline'),
    staging: values.has('staging'),
    livepatch: values.has('livepatch'),
    signature: summarizeSignature(signature),
    buildId: buildId ?? null,
    fields: Object.fromEntries(
      [...values].filter(([key, { length }]) => !listed.has(key) && (length > 1 || !single.has(key))),
    ),
  };
}

function groupValues(entries: readonly ModinfoEntry[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const entry of entries) {
    const key = textOfBytes(entry.key);
    const value = textOfBytes(entry.value);
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return values;
}

function splitVermagic(text: string): Vermagic {
  const [release = '', ...flags] = splitWords(text);
  return { text, release, flags };
}
