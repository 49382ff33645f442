/** One package as apt's lists describe it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** First alternative of each dependency. */
  readonly depends: readonly Dependency[];
  /** Size of the package file in bytes. */
  readonly size: number;
}

/** A dependency on a package. */
interface Dependency {
  readonly name: string;
  /** Version of an `(= VERSION)`, undefined for every other relation. */
  readonly version: string | undefined;
}

/** Reads the paragraphs that `apt-cache show` prints. Paragraphs without name and version are left out. */
export function parsePackageRecords(text: string): PackageRecord[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = parseFields(paragraph);
    const name = fields.get('package');
    const version = fields.get('version');
    if (name === undefined || version === undefined) return [];
    return {
      name,
      version,
      architecture: fields.get('architecture') ?? '',
      depends: [fields.get('pre-depends'), fields.get('depends')].flatMap((list) =>
        parseDependencies(list ?? ''),
      ),
      size: Number(fields.get('size') ?? 0),
    };
  });
}

function parseFields(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

function parseDependencies(list: string): Dependency[] {
  return list.split(',').flatMap((clause) => {
    const match = /^\s*([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*=\s*([^)\s]+)\s*\))?/.exec(clause);
    return match?.[1] === undefined ? [] : { name: match[1], version: match[2] };
  });
}
