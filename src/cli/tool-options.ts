import { isOwnerCheck, type OwnerCheck } from '../execute/file-owner.ts';
import type { CliIo } from './cli-io.ts';
import { type OptionName, parseArguments, parseOptions } from './getopt-long.ts';
import { helpText, type Manual } from './manual.ts';
import { ERROR_LEVEL, Messages } from './messages.ts';
import { ownerCheckFault } from './owner-option.ts';
import { toolVersionText } from './version.ts';

/** Options of the small tools. */
export type ToolOptionId =
  'force' | 'syslog' | 'verbose' | 'version' | 'help' | 'check-owner' | 'compat' | 'all' | 'classic';

const syslog = { long: 'syslog', short: 's', id: 'syslog' } as const;
const verbose = { long: 'verbose', short: 'v', id: 'verbose' } as const;
const version = { long: 'version', short: 'V', id: 'version' } as const;
const help = { long: 'help', short: 'h', id: 'help' } as const;

// Not one of kmod's, and so never meant by a shorter form.
const compat = { long: 'compat', id: 'compat', takesValue: true, isExact: true } as const;

const general: readonly OptionName<ToolOptionId>[] = [syslog, verbose, version, help];
const force: OptionName<ToolOptionId> = { long: 'force', short: 'f', id: 'force' };

/** lsmod's options. */
export const readingOptions: readonly OptionName<ToolOptionId>[] = [
  ...general,
  compat,
  { long: 'classic', id: 'classic', isExact: true },
];

/** Those of rmmod. */
export const removingOptions: readonly OptionName<ToolOptionId>[] = [
  force,
  ...general,
  compat,
  { long: 'all', short: 'a', id: 'all', isExact: true },
];

/** Those of insmod. */
export const insertingOptions: readonly OptionName<ToolOptionId>[] = [
  force,
  ...general,
  compat,
  { long: 'check-owner', id: 'check-owner', takesValue: true, isExact: true },
];

/** A small tool's command line, understood. */
export interface ToolArguments {
  readonly force: boolean;
  /** Undefined: as the caller's user suggests. */
  readonly checkOwner: OwnerCheck | undefined;
  /** Whether kmod's answer is wanted where kmod is wrong. */
  readonly compat: boolean;
  /** rmmod's -a. */
  readonly all: boolean;
  readonly verbose: boolean;
  /** lsmod's --classic. */
  readonly classic: boolean;
  readonly operands: readonly string[];
  readonly messages: Messages;
}

/**
 * Reads the command line of insmod, rmmod or lsmod.
 *
 * @returns the exit code when the command line itself is the end: help, version or a mistake
 */
export function readToolArguments(
  argv: readonly string[],
  tool: {
    readonly io: CliIo;
    readonly program: string;
    /** What messages on options name. Default: the program. */
    readonly command?: string;
    readonly names: readonly OptionName<ToolOptionId>[];
    readonly manual: Manual;
  },
): ToolArguments | number {
  const { io, program } = tool;
  const messages = new Messages(io, program, ERROR_LEVEL);
  const { options, operands, mistake } = parseArguments(argv, tool.names, parseOptions(io.env));
  for (const { id, value } of options) {
    if (id === 'help') {
      io.stdout(helpText(tool.manual, program));
      return 0;
    }
    if (id === 'version') {
      io.stdout(toolVersionText());
      return 0;
    }
    if (id === 'compat' && value !== 'kmod') {
      messages.error(`--compat knows only kmod, not '${value}'`);
      return 1;
    }
  }
  if (mistake !== undefined) {
    new Messages(io, tool.command ?? program, ERROR_LEVEL).mistake(mistake);
    return 1;
  }
  const checkOwner = options.findLast(({ id }) => id === 'check-owner')?.value;
  if (checkOwner !== undefined && !isOwnerCheck(checkOwner)) {
    messages.error(ownerCheckFault(checkOwner));
    return 1;
  }
  const has = (wanted: ToolOptionId): boolean => options.some(({ id }) => id === wanted);
  messages.open({ syslog: has('syslog') });
  return {
    force: has('force'),
    checkOwner,
    compat: has('compat'),
    all: has('all'),
    verbose: has('verbose'),
    classic: has('classic'),
    operands,
    messages,
  };
}
