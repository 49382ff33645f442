import type { ConversionWarnings } from './conversion-warning.ts';
import type { ConfCommandRecord, DefineRecord } from './model.ts';
import { shellWord } from '../../errors/shell-word.ts';
import type { NameTable } from './name-table.ts';

const INSMOD = /(^|[;&|({\s])(?:\/sbin\/)?insmod\s+([A-Za-z][\w-]*)(?=[\s;&|)}]|$)/g;
const AUTOCLEAN = /\bmodprobe((?:\s+-[a-z]+)*?)\s+(?:-k|"-k"|'-k'|--autoclean)(?=\s)/g;
/** `-k` among other letters: `-qk`, `-ks`. */
const AUTOCLEAN_LETTER = /\bmodprobe((?:\s+-[a-z]+)*?\s+-)(?:([a-jl-z]+)k|k(?=[a-z]))([a-z]*)(?=\s)/g;

/**
 * A command as today's shell and tools can run it: `insmod NAME` searches no more, modprobe has no `-k`, and variables
 * of `define` have to be given to it.
 */
export function convertCommand(
  { kind, name, command, origin }: ConfCommandRecord,
  defines: readonly DefineRecord[],
  warnings: ConversionWarnings,
): string {
  if (/^(['"]).*\s.*\1$/.test(command) && !command.slice(1, -1).includes(command.charAt(0)))
    warnings.add(
      origin,
      'command-suspicious',
      `${kind} ${name}: the whole command is quoted, so the shell looks for a program of that name`,
      'Take the quotes off.',
    );
  if (command.includes('$CMDLINE_OPTS'))
    warnings.add(
      origin,
      'command-suspicious',
      `${kind} ${name}: $CMDLINE_OPTS is replaced by the options today`,
      'Use another variable.',
    );
  const changed = command
    .replaceAll(INSMOD, '$1/sbin/modprobe --ignore-install $2')
    .replaceAll(AUTOCLEAN, 'modprobe$1')
    .replaceAll(AUTOCLEAN_LETTER, 'modprobe$1$2$3');
  if (changed !== command)
    warnings.add(
      origin,
      'command-changed',
      `${kind} ${name}: written as ${JSON.stringify(changed)}, because insmod does not search for modules and modprobe has no -k any more`,
      'Check the command.',
    );
  const used = defines.filter(({ name: variable }) => uses(changed, variable));
  const assignments = used.map((define) => `export ${define.name}=${shellWord(define.value)}; `);
  return `${assignments.join('')}${changed}`;
}

// modutils took any name; the shell has no way to say one that is no word.
function uses(command: string, variable: string): boolean {
  return /^[A-Za-z_]\w*$/.test(variable) && new RegExp(`\\$\\{?${variable}\\b`).test(command);
}

/** Warns of commands that modutils never ran: of one kind and name only the first counts, and none without a module. */
export function warnOfLaterCommands(
  commands: readonly ConfCommandRecord[],
  table: NameTable,
  warnings: ConversionWarnings,
): void {
  const seen = new Set<string>();
  for (const { kind, name, origin } of commands) {
    const key = `${kind} ${name}`;
    const { end } = table.chain(name);
    if (end === 'off' || end === 'null')
      warnings.add(
        origin,
        'command-never-run',
        `${key}: ${name} is ${end}, so its commands never ran`,
        'Remove the line, or the alias.',
      );
    if (seen.has(key))
      warnings.add(
        origin,
        'command-never-run',
        `${key}: an earlier line of that kind counts, so this one never ran`,
        'Join the two commands in one line if both are meant.',
      );
    seen.add(key);
  }
}
