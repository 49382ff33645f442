import type { ModinfoEntry } from './modinfo-section.ts';

/** What a module says of one of its parameters, in `parm` and `parmtype` together; one character for each byte. */
export interface ParameterText {
  readonly name: string;
  /** Undefined without a `parm` entry. */
  readonly description: string | undefined;
  /** Undefined without a `parmtype` entry. */
  readonly type: string | undefined;
}

/** The parameters of a module, and the entries that are none. */
export interface ParameterList {
  /**
   * Merged by name. The order is the reverse of that in which the names occur first, as modinfo prints them: compilers
   * store the entries in reverse, so that mostly gives the order of the source.
   */
  readonly parameters: readonly ParameterText[];
  /** `parm` and `parmtype` entries without a colon. */
  readonly malformed: readonly ModinfoEntry[];
}

/** Collects the parameters out of a module's entries. Of several entries for the same name the last one counts. */
export function listParameters(entries: readonly ModinfoEntry[]): ParameterList {
  const byName = new Map<string, ParameterText>();
  const malformed: ModinfoEntry[] = [];
  for (const entry of entries) {
    if (!isParameterKey(entry.key)) continue;
    const colon = entry.value.indexOf(':');
    if (colon === -1) {
      malformed.push(entry);
      continue;
    }
    const name = entry.value.slice(0, colon);
    const rest = entry.value.slice(colon + 1);
    const known = byName.get(name);
    byName.set(
      name,
      entry.key === 'parm'
        ? { name, description: rest, type: known?.type }
        : { name, description: known?.description, type: rest },
    );
  }
  return { parameters: [...byName.values()].reverse(), malformed };
}

/** Whether an entry is about a parameter. */
export function isParameterKey(key: string): boolean {
  return key === 'parm' || key === 'parmtype';
}
