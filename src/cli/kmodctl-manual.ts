import { depmodManual } from './depmod-manual.ts';
import { kmodManual } from './kmod-manuals.ts';
import { subcommandManual } from './kmodctl-options.ts';
import { subcommands } from './kmodctl-subcommands.ts';
import { ksymsManual } from './ksyms-manual.ts';
import type { Manual } from './manual.ts';
import { modinfoManual } from './modinfo-manual.ts';
import { modprobeManual } from './modprobe-manual.ts';
import { insmodManual, lsmodManual, rmmodManual } from './small-tool-manuals.ts';

/** The manuals of the classic tools. */
export const toolManuals: readonly Manual[] = [
  modprobeManual,
  insmodManual,
  rmmodManual,
  lsmodManual,
  modinfoManual,
  depmodManual,
  kmodManual,
  ksymsManual,
];

/** Shells that completion is there for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** Commands of kmodctl that are no {@link subcommands}, with what they are for. */
export const furtherCommands: Readonly<Record<string, string>> = {
  vm: 'kernels in a virtual machine: run, shell, kernels',
  completion: `completion of the command line, for ${shells.join(', ')}`,
};

/** The manuals of kmodctl's own commands. */
export function subcommandManuals(): readonly Manual[] {
  return Object.entries(subcommands).map(([name, subcommand]) => subcommandManual(name, subcommand));
}

/** All that `kmodctl` can be followed by, with what it is for. */
export function commandPurposes(): Readonly<Record<string, string>> {
  const manuals = [...subcommandManuals(), ...toolManuals];
  return {
    ...Object.fromEntries(subcommandManuals().map(({ name, purpose }) => [name, purpose])),
    ...furtherCommands,
    ...Object.fromEntries(
      manuals.filter((manual) => toolManuals.includes(manual)).map(({ name, purpose }) => [name, purpose]),
    ),
  };
}

/** Help text of kmodctl itself. */
export function kmodctlHelp(): string {
  const rows = [
    ...subcommandManuals().map(({ name, usage: [call = ''], purpose }): readonly [string, string] => [
      `${name} ${call.replace(/^\[options\] ?/, '')}`.trim(),
      purpose,
    ]),
    ['vm run|shell|kernels', 'kernels in a virtual machine'] as const,
    [`completion ${shells.join('|')}`, 'what a shell needs to complete command lines'] as const,
    [toolManuals.map(({ name }) => name).join('|'), ''] as const,
    ['', 'these tools with their usual options and output'] as const,
  ];
  const lines = rows.map(([call, purpose]) => `  ${call.padEnd(32)} ${purpose}`.trimEnd());
  return [
    'Usage: kmodctl COMMAND [ARGUMENTS...]',
    '',
    ...lines,
    '',
    '  kmodctl COMMAND --help tells more of each. A link to this program that is named after one of the',
    '  tools acts as that tool.',
    '',
  ].join('\n');
}
