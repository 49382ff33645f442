import { shellWord } from '../../errors/shell-word.ts';
import type { ConversionWarnings } from './conversion-warning.ts';
import { convertCommand } from './convert-commands.ts';
import type { CommandDirective } from './directive.ts';
import type { DefineRecord } from './model.ts';
import { comparedName, loadCommand, modprobeText, unloadCommand } from './modprobe-words.ts';
import type { CircleMember } from './loading-circles.ts';
import type { NameTable } from './name-table.ts';

/** What the lines for one name are made of. */
export interface LoadingContext {
  readonly table: NameTable;
  readonly defines: readonly DefineRecord[];
  readonly warnings: ConversionWarnings;
  /** Members of lists that are left out, for they lead back to the list's name. */
  readonly circles: readonly CircleMember[];
}

/**
 * The lines that load and unload a name as its `above`, `below`, `probe`, `probeall` and commands say.
 *
 * @param next what the name stands for: itself for a module, the next name for an alias, undefined for nothing
 */
export function loadingLines(
  name: string,
  next: string | undefined,
  context: LoadingContext,
): readonly string[] {
  const { table, circles } = context;
  const isKept = (member: string): boolean =>
    !circles.some((circle) => circle.name === name && circle.member === member);
  const probed = probingLines(name, table, isKept);
  if (probed !== undefined) return probed;
  const { end } = table.chain(name);
  if (end === 'off') return [`install ${name} /bin/true`, `remove ${name} /bin/true`];
  const below = (table.below.get(name)?.words ?? []).filter(isKept);
  const above = (table.above.get(name)?.words ?? []).filter(isKept);
  if (!table.hasCommand(name) && next === name)
    return below.length + above.length === 0 ? [] : [softDependencyLine(name, below, above)];
  return [
    `install ${name} ${modprobeText(installCommand(name, next, { ...context, below, above }))}`,
    ...removeLine(name, next, { ...context, below, above }),
  ];
}

function softDependencyLine(name: string, below: readonly string[], above: readonly string[]): string {
  return ['softdep', name, ...softDependencyPart('pre:', below), ...softDependencyPart('post:', above)].join(
    ' ',
  );
}

function softDependencyPart(marker: string, words: readonly string[]): readonly string[] {
  return words.length === 0 ? [] : [marker, ...words];
}

/** `probe` and `probeall`, which come before everything else. */
function probingLines(
  name: string,
  table: NameTable,
  isKept: (member: string) => boolean,
): readonly string[] | undefined {
  const first = table.probe.get(name)?.words.filter(isKept);
  const all = table.probeall.get(name)?.words.filter(isKept);
  const members = first ?? all;
  if (members === undefined) return undefined;
  const loads = members.map((member) => loadCommand(member));
  const install =
    first === undefined
      ? `s=1; ${loads.map((load) => `${load} && s=0; `).join('')}[ $s = 0 ]`
      : loads.join(' || ') || 'false';
  return [
    `install ${name} ${modprobeText(install)}`,
    `remove ${name} ${modprobeText(`${members.map((member) => `${unloadCommand(member, { quiet: true })}; `).join('')}true`)}`,
  ];
}

interface ListContext extends LoadingContext {
  readonly below: readonly string[];
  readonly above: readonly string[];
}

/** Below; pre-install, the module itself and post-install, each only after the one before has succeeded; above. */
function installCommand(name: string, next: string | undefined, context: ListContext): string {
  const { table, below, above } = context;
  const isModule = next === name;
  const before = commandText('pre-install', name, context);
  const instead = commandText('install', name, context);
  const after = commandText('post-install', name, context);
  const load =
    next === undefined
      ? undefined
      : isModule
        ? loadCommand(name, { ignoreInstall: true, parameters: '$CMDLINE_OPTS' })
        : loadCommand(next, { parameters: '$CMDLINE_OPTS' });
  const undo = isModule ? unloadCommand(name, { ignoreRemove: true }) : unloadCommand(next ?? name);
  const steps = [
    before === undefined ? undefined : inShell(before),
    instead === undefined ? load : inShell(instead),
    after === undefined ? undefined : `{ ${inShell(after)} || { ${undo}; false; }; }`,
  ].filter((step) => step !== undefined);
  const pulled =
    above.length === 0 ? [] : [`{ ${above.map((member) => `${loadCommand(member)}; `).join('')}true; }`];
  const own = [...steps, ...pulled].join(' && ');
  const text = `${below.map((member) => `${loadCommand(member)}; `).join('')}${own === '' ? 'true' : own}`;
  const kinds: readonly CommandDirective[] = ['pre-install', 'install', 'post-install'];
  const runsCommands = kinds.some((kind) => table.command(kind, name) !== undefined);
  const { names, end } = table.chain(name);
  if (isModule || !runsCommands || end !== 'module') return text;
  // modutils ran no command for a module that was there; kmod does not know which one an alias means.
  return `test -e ${shellWord(`/sys/module/${comparedName(names.at(-1) ?? name)}/initstate`)} || { ${text}; }`;
}

/** What unloading takes, where an install line hides it from modprobe. */
function removeLine(name: string, next: string | undefined, context: ListContext): readonly string[] {
  const before = commandText('pre-remove', name, context);
  const instead = commandText('remove', name, context);
  const after = commandText('post-remove', name, context);
  const { above, below } = context;
  // The install line of an alias stands in the way of its module.
  const isModule = next === name;
  const hasCommand = [before, instead, after].some((text) => text !== undefined);
  if (isModule && !hasCommand && above.length + below.length === 0) return [];
  const unload =
    next === undefined
      ? 'true'
      : next === name
        ? unloadCommand(name, { ignoreRemove: true })
        : unloadCommand(next);
  const steps = [
    before === undefined ? undefined : inShell(before),
    instead === undefined ? unload : inShell(instead),
    after === undefined ? undefined : inShell(after),
    below.length === 0
      ? undefined
      : `{ ${below
          .toReversed()
          .map((member) => `${unloadCommand(member)}; `)
          .join('')}true; }`,
  ].filter((step) => step !== undefined);
  const first = above.toReversed().map((member) => `${unloadCommand(member)}; `);
  return [`remove ${name} ${modprobeText(`${first.join('')}${steps.join(' && ')}`)}`];
}

/** A command's text; undefined where there is none, `true` for an empty one. */
function commandText(
  kind: CommandDirective,
  name: string,
  { table, defines, warnings }: LoadingContext,
): string | undefined {
  const record = table.command(kind, name);
  // Of what stands for no module none was ever run.
  if (record === undefined || table.chain(name).end === 'null') return undefined;
  const text = convertCommand(record, defines, warnings).trimEnd();
  return text === '' ? 'true' : text;
}

/** A command in a shell of its own, as modutils ran each: it may end with `exit` or `&`, and change folder or variables. */
function inShell(command: string): string {
  return `( ${command} )`;
}
