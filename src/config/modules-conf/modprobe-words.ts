import { shellWord } from '../../errors/shell-word.ts';

/** A text as modprobe.d has to spell it: a backslash there only protects what follows it. */
export function modprobeText(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

/** Whether modprobe.d can name it: one word without brackets, stars and question marks, and no path. */
export function isModprobeName(name: string): boolean {
  return /^[^\s[\]*?/\\#\p{Cc}][^\s[\]*?/\\\p{Cc}]*$/u.test(name);
}

/** A name as kmod compares it. */
export function comparedName(name: string): string {
  return name.replaceAll('-', '_');
}

/** A command that loads a module. */
export function loadCommand(
  name: string,
  { ignoreInstall = false, parameters = '' }: { ignoreInstall?: boolean; parameters?: string } = {},
): string {
  return command([...(ignoreInstall ? ['--ignore-install'] : []), ...target(name), parameters]);
}

/** A command that unloads one. */
export function unloadCommand(
  name: string,
  { ignoreRemove = false, quiet = false }: { ignoreRemove?: boolean; quiet?: boolean } = {},
): string {
  return command([
    ...(quiet ? ['-q'] : []),
    '-r',
    ...(ignoreRemove ? ['--ignore-remove'] : []),
    ...target(name),
  ]);
}

function target(name: string): readonly string[] {
  return [...(name.startsWith('-') ? ['--'] : []), shellWord(name)];
}

function command(words: readonly string[]): string {
  return ['/sbin/modprobe', ...words].filter((word) => word !== '').join(' ');
}
