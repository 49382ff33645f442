/** What stands at one path of an archive. */
export type ArchiveEntry =
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'device';
      readonly mode: number;
      readonly device: readonly [major: number, minor: number];
    }
  | { readonly kind: 'data'; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: 'file'; readonly mode: number; readonly source: string };

const mergedFolders = new Set(['bin', 'lib', 'lib64', 'sbin']);

/**
 * The contents of an archive by path. Every root made of it is merged: `/bin`, `/lib`, `/lib64` and `/sbin` are
 * links into `/usr`, so whatever is put below them lands there. Folders above an entry are made as needed.
 */
export class ArchiveTree {
  readonly #entries = new Map<string, ArchiveEntry>();

  /** Puts an entry at an absolute path, in place of what was there. */
  set(path: string, entry: ArchiveEntry): void {
    const normal = mergedPath(path);
    for (let slash = normal.indexOf('/'); slash >= 0; slash = normal.indexOf('/', slash + 1)) {
      const parent = normal.slice(0, slash);
      if (!this.#entries.has(parent)) this.#entries.set(parent, { kind: 'directory', mode: 0o755 });
    }
    this.#entries.set(normal, entry);
  }

  /** A folder. */
  directory(path: string, mode = 0o755): void {
    this.set(path, { kind: 'directory', mode });
  }

  /** A symbolic link. */
  link(path: string, target: string): void {
    this.set(path, { kind: 'link', target });
  }

  /** A file with the given contents. */
  data(path: string, data: string | Uint8Array, mode = 0o644): void {
    this.set(path, { kind: 'data', mode, data: typeof data === 'string' ? Buffer.from(data) : data });
  }

  /** A copy of a file of the host. */
  file(path: string, source: string, mode = 0o644): void {
    this.set(path, { kind: 'file', mode, source });
  }

  /** The links that make the root a merged one. Belongs in the first of several archives. */
  mergedLinks(): void {
    for (const name of mergedFolders) {
      this.directory(`/usr/${name}`);
      this.#entries.set(name, { kind: 'link', target: `usr/${name}` });
    }
  }

  /** Paths without leading slash in byte order, which puts folders before what they hold. */
  entries(): (readonly [string, ArchiveEntry])[] {
    return [...this.#entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
}

/** `/lib/x/../y` → `usr/lib/y`. */
function mergedPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  if (parts.length === 0) throw new TypeError(`"${path}" is no path for an entry of an archive`);
  if (parts.length > 1 && mergedFolders.has(parts[0] ?? '')) parts.unshift('usr');
  return parts.join('/');
}
