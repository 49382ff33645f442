import { KmodError } from '../errors/kmod-error.ts';

/** Where a module is in its life; the words of /sys/module/NAME/initstate. */
export type ModuleState = 'live' | 'coming' | 'going';

/** One line of /proc/modules. */
export interface LoadedModule {
  readonly name: string;
  /** Memory in bytes, while the module is still coming with that of its init sections. */
  readonly size: number;
  /** Number of users, modules and others; -1 while going; null when the kernel cannot unload modules. */
  readonly refcount: number | null;
  /** Names of the modules that use this one. */
  readonly users: readonly string[];
  /** Whether it can never be unloaded: it has an init function and no exit function. */
  readonly permanent: boolean;
  readonly state: ModuleState;
  /** Address as `0x…`; null when the kernel hides it (or the module has no code at all). */
  readonly address: string | null;
  /** Letters of the taints that this module caused, for example `OE`; empty for none. */
  readonly taints: string;
}

const states: Readonly<Record<string, ModuleState>> = {
  Live: 'live',
  Loading: 'coming',
  Unloading: 'going',
};

const LINE =
  /^(?<name>\S+) (?<size>\d+) (?<refcount>-?\d+|-) (?<users>\S+) (?<state>Live|Loading|Unloading) (?<address>0x[0-9a-f]+)(?: \((?<taints>[A-Z]*)[-+]*\))?\s*$/;

/**
 * Reads the text of /proc/modules.
 *
 * @param path what to name in an error
 * @throws KmodError `ERR_KMOD_PROC` for a line of another form
 */
export function parseLoadedModules(text: string, path = '/proc/modules'): readonly LoadedModule[] {
  const modules: LoadedModule[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '' && index === lines.length - 1) break;
    modules.push(parseLine(line, path, index + 1));
  }
  return modules;
}

function parseLine(line: string, path: string, number: number): LoadedModule {
  const fields = LINE.exec(line)?.groups;
  const state = states[fields?.['state'] ?? ''];
  if (fields === undefined || state === undefined)
    throw new KmodError(
      'ERR_KMOD_PROC',
      `${path}:${number}: not a line as the kernel writes it: ${JSON.stringify(line.slice(0, 120))}`,
      { path },
    );
  const users = (fields['users'] ?? '-').split(',').filter((user) => user !== '' && user !== '-');
  const address = fields['address'] ?? '';
  return {
    name: fields['name'] ?? '',
    size: Number(fields['size']),
    refcount: fields['refcount'] === '-' ? null : Number(fields['refcount']),
    users: users.filter((user) => user !== '[permanent]'),
    permanent: users.includes('[permanent]'),
    state,
    address: /^0x0+$/.test(address) ? null : address,
    taints: fields['taints'] ?? '',
  };
}
