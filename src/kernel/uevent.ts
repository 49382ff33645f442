/** The kernel's messages about devices, drivers and modules (lib/kobject_uevent.c). */

/** A message: what happened to what. */
export interface Uevent {
  /** `add`, `remove`, `change`, `bind` … */
  readonly action: string;
  /** Path below /sys, for example `/module/loop`. */
  readonly devicePath: string;
  readonly variables: ReadonlyMap<string, string>;
}

/** A module that came into the kernel or went. */
export interface ModuleEvent {
  readonly action: 'add' | 'remove';
  /** With underscores, as the kernel writes it. */
  readonly module: string;
  /** Number of the message, which rises with each of any kind. Null where it has none. */
  readonly sequence: number | null;
}

/**
 * Takes a message apart: `ACTION@DEVPATH`, then `KEY=VALUE` pairs, each with a NUL behind. Undefined for one of another form, as
 * udev's own are, and for one whose end is missing.
 */
export function parseUevent(message: Buffer): Uevent | undefined {
  if (message.at(-1) !== 0) return undefined;
  const [header = '', ...pairs] = message.toString('latin1', 0, message.length - 1).split('\0');
  const at = header.indexOf('@');
  if (at < 1) return undefined;
  const variables = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) return undefined;
    variables.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const [action, devicePath] = [header.slice(0, at), header.slice(at + 1)];
  if (variables.get('ACTION') !== action || variables.get('DEVPATH') !== devicePath) return undefined;
  return { action, devicePath, variables };
}

/**
 * The message as one about a module. Undefined for one about anything else, and for one that somebody asked for by writing to a
 * file `uevent` (those have a SYNTH_UUID): nothing has happened then.
 */
export function parseModuleEvent(message: Buffer): ModuleEvent | undefined {
  const { action, devicePath, variables } = parseUevent(message) ?? {};
  if (action !== 'add' && action !== 'remove') return undefined;
  if (variables?.get('SUBSYSTEM') !== 'module' || variables.has('SYNTH_UUID')) return undefined;
  const module = /^\/module\/([^/]+)$/.exec(devicePath ?? '')?.[1];
  if (module === undefined || module === '.' || module === '..') return undefined;
  const sequence = variables.get('SEQNUM') ?? '';
  return { action, module, sequence: /^\d{1,15}$/.test(sequence) ? Number(sequence) : null };
}
