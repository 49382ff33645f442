import type { NameTable } from './name-table.ts';

/** A member of a list that leads back to the list's name. */
export interface CircleMember {
  readonly name: string;
  readonly member: string;
}

/** A name that is being followed. */
interface Visit {
  readonly name: string;
  readonly pending: Iterator<string>;
}

/**
 * Members of `above`, `below`, `probe` and `probeall` that lead back to the name of their list. modutils took each module
 * once; today one command would start the other without end. Without them there is no circle.
 */
export function circleMembers(names: readonly string[], table: NameTable): readonly CircleMember[] {
  const found = new Map<string, CircleMember>();
  const done = new Set<string>();
  for (const first of [...table.aliases.keys(), ...names]) {
    if (done.has(first)) continue;
    const open = [{ name: first, pending: targets(first, table) }];
    const opened = new Set([first]);
    for (let visit = open.at(-1); visit !== undefined; visit = open.at(-1)) {
      const { value: next, done: isOver } = visit.pending.next();
      if (isOver === true) {
        open.pop();
        opened.delete(visit.name);
        done.add(visit.name);
      } else if (opened.has(next)) {
        const circle = lastMember(open, next, table);
        if (circle !== undefined) found.set(`${circle.name} ${circle.member}`, circle);
      } else if (!done.has(next)) {
        open.push({ name: next, pending: targets(next, table) });
        opened.add(next);
      }
    }
  }
  return [...found.values()];
}

/** {@link circleMembers}, but where all names of the circles are modules without commands: kmod ends circles of softdep lines. */
export function dangerousCircles(names: readonly string[], table: NameTable): readonly CircleMember[] {
  return names.some((name) => hasInstallLine(name, table)) ? circleMembers(names, table) : [];
}

function hasInstallLine(name: string, table: NameTable): boolean {
  const { above, below, probe, probeall, aliases } = table;
  if (probe.has(name) || probeall.has(name) || aliases.has(name)) return true;
  return table.hasCommand(name) && (above.has(name) || below.has(name));
}

/** What loading a name loads: what it stands for, then the members of its lists. */
function targets(name: string, table: NameTable): Iterator<string> {
  const next = aliasOf(name, table);
  const members = [table.below, table.above, table.probe, table.probeall].flatMap(
    (list) => list.get(name)?.words ?? [],
  );
  return [...(next === undefined ? [] : [next]), ...members].values();
}

function aliasOf(name: string, { aliases }: NameTable): string | undefined {
  const target = aliases.get(name)?.words[0];
  return target === name ? undefined : target;
}

/** The last step of a circle that is none from an alias to what it stands for. */
function lastMember(open: readonly Visit[], end: string, table: NameTable): CircleMember | undefined {
  let member = end;
  for (let index = open.length - 1; index >= 0; index--) {
    const name = open[index]?.name ?? '';
    if (aliasOf(name, table) !== member) return { name, member };
    if (name === end) return undefined;
    member = name;
  }
  return undefined;
}
