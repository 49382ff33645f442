import type { KernelView } from './kernel-view.ts';

/** A mounted file system: one superblock, wherever it is mounted. */
export interface MountedFileSystem {
  /** Type as it was registered, without the part behind a dot. */
  readonly type: string;
  /** `MAJOR:MINOR` of its device; major 0 where it has none of its own. */
  readonly device: string;
  /** What was mounted: mostly a device node. */
  readonly origin: string;
  /** Where, the first place in each mount namespace first. */
  readonly places: readonly string[];
  /** Of those places that the first namespace does not have, a process that has them, by its name in /proc. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** Options of the superblock. */
  readonly options: readonly string[];
  /** The file that tells. */
  readonly source: string;
}

/** One line of /proc/PID/mountinfo; see proc_pid_mountinfo(5). */
const LINE =
  /^\d+ \d+ (?<device>\d+:\d+) \S+ (?<place>\S+) .*? - (?<type>\S+) (?<origin>\S*) (?<options>\S*)$/;

/**
 * The file systems that are mounted in some mount namespaces.
 *
 * @param processes one process of each namespace, by its name in /proc
 */
export function mountedFileSystems(
  view: KernelView,
  processes: readonly string[],
): readonly MountedFileSystem[] {
  const found = new Map<string, FoundFileSystem>();
  const [own] = processes;
  for (const process of processes) {
    const file = `proc/${process}/mountinfo`;
    for (const line of view.lines(file)) {
      const fields = LINE.exec(line)?.groups;
      if (fields === undefined) continue;
      const { device = '', place = '', type = '', origin = '', options = '' } = fields;
      const known = found.get(device);
      const path = unescaped(place);
      const elsewhere = known?.elsewhere ?? new Map<string, string>();
      if (process !== own && known?.places.has(path) !== true) elsewhere.set(path, process);
      if (known !== undefined) known.places.add(path);
      else
        found.set(device, {
          places: new Set([path]),
          elsewhere,
          first: {
            type: type.split('.')[0] ?? type,
            device,
            origin: unescaped(origin),
            places: [],
            elsewhere,
            options: options.split(','),
            source: `/${file}`,
          },
        });
    }
  }
  return [...found.values()].map(({ first, places }) => ({ ...first, places: [...places] }));
}

interface FoundFileSystem {
  readonly first: MountedFileSystem;
  readonly places: Set<string>;
  readonly elsewhere: Map<string, string>;
}

/** White space and backslashes are written as three octal digits. */
export function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}
