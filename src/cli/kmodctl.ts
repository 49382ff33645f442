import { nearestName } from '../errors/argument.ts';
import type { CliIo, Command } from './cli-io.ts';
import { runComplete, runCompletion } from './completion.ts';
import { runDepmod } from './depmod.ts';
import { runInsmod } from './insmod.ts';
import { runKmod } from './kmod.ts';
import { commandPurposes, kmodctlHelp } from './kmodctl-manual.ts';
import { runSubcommand } from './kmodctl-options.ts';
import { subcommands } from './kmodctl-subcommands.ts';
import { runKsyms } from './ksyms.ts';
import { runLsmod } from './lsmod.ts';
import { runModinfo } from './modinfo.ts';
import { runModprobe } from './modprobe.ts';
import { runRmmod } from './rmmod.ts';
import { packageVersion } from './version.ts';
import { runVm } from './vm.ts';

/** The classic tools, which a link to this program can stand for. */
export const tools: Readonly<Record<string, Command>> = {
  modprobe: runModprobe,
  insmod: runInsmod,
  rmmod: runRmmod,
  lsmod: runLsmod,
  depmod: runDepmod,
  modinfo: runModinfo,
  kmod: runKmod,
  ksyms: runKsyms,
};

/** kmodctl itself. */
export function runKmodctl(argv: readonly string[], io: CliIo): number | Promise<number> {
  const [name, ...rest] = argv;
  switch (name) {
    case undefined:
      io.stderr(kmodctlHelp());
      return 1;
    case '--help':
    case '-h':
    case 'help':
      return runHelp(rest, io);
    case '--version':
    case '-V':
      io.stdout(`kmodctl ${packageVersion()}\n`);
      return 0;
    case 'vm':
      return runVm(rest, io);
    case 'completion':
      return runCompletion(rest, io);
    case '__complete':
      return runComplete(rest, io);
    default:
  }
  if (Object.hasOwn(tools, name)) return tools[name]?.(rest, io, name) ?? 1;
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  return subcommand === undefined ? refuse(name, io) : runSubcommand(name, subcommand, rest, io);
}

/** `kmodctl help [COMMAND]`. */
function runHelp([command]: readonly string[], io: CliIo): number | Promise<number> {
  if (command !== undefined && !['help', '--help', '-h'].includes(command))
    return runKmodctl([command, '--help'], io);
  io.stdout(kmodctlHelp());
  return 0;
}

function refuse(name: string, io: CliIo): number {
  const nearest = nearestName(name, Object.keys(commandPurposes()));
  const hint = nearest === undefined ? '.' : `; did you mean ${nearest}?`;
  io.stderr(`kmodctl: there is no command ${JSON.stringify(name)}${hint} See kmodctl --help.\n`);
  return 1;
}
