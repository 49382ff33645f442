import type { CliIo, Command } from './cli-io.ts';
import { runDepmod } from './depmod.ts';
import { failureReport } from './failure-report.ts';
import { runInsmod } from './insmod.ts';
import { listSubcommand } from './kmodctl-list.ts';
import { loadSubcommand } from './kmodctl-load.ts';
import { runSubcommand, type Subcommand } from './kmodctl-options.ts';
import { planSubcommand } from './kmodctl-plan.ts';
import { unloadSubcommand } from './kmodctl-unload.ts';
import { runLsmod } from './lsmod.ts';
import { runModinfo } from './modinfo.ts';
import { runModprobe } from './modprobe.ts';
import { runRmmod } from './rmmod.ts';
import { packageVersion } from './version.ts';
import { runVm } from './vm.ts';

const help = `Usage: kmodctl COMMAND [ARGUMENTS...]

  load NAME [PARAMETER=VALUE...]   load a module with all that it needs
  unload NAME...                   unload modules, and what they alone needed
  list                             the loaded modules
  plan NAME...                     what loading would do, and why
  vm run|shell|kernels             kernels in a virtual machine
  modprobe|insmod|rmmod|lsmod|modinfo|depmod
                                   these tools with their usual options and output

  kmodctl COMMAND --help tells more of each. A link to this program that is named modprobe, insmod,
  rmmod, lsmod, modinfo or depmod acts as that tool.
`;

/** The classic tools, which a link to this program can stand for. */
export const tools: Readonly<Record<string, Command>> = {
  modprobe: runModprobe,
  insmod: runInsmod,
  rmmod: runRmmod,
  lsmod: runLsmod,
  depmod: runDepmod,
  modinfo: runModinfo,
};

const subcommands: Readonly<Record<string, Subcommand>> = {
  load: loadSubcommand,
  unload: unloadSubcommand,
  list: listSubcommand,
  plan: planSubcommand,
};

/** kmodctl itself. */
export function runKmodctl(argv: readonly string[], io: CliIo): number | Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    io.stderr(help);
    return 1;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout(help);
    return 0;
  }
  if (name === '--version' || name === '-V') {
    io.stdout(`kmodctl ${packageVersion()}\n`);
    return 0;
  }
  if (name === 'vm') return runVm(rest, io);
  if (Object.hasOwn(tools, name)) return tools[name]?.(rest, io, name) ?? 1;
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand === undefined) {
    io.stderr(`kmodctl: there is no command ${JSON.stringify(name)}. See kmodctl --help.\n`);
    return 1;
  }
  try {
    return runSubcommand(name, subcommand, rest, io);
  } catch (error) {
    io.stderr(`kmodctl ${name}: ${failureReport(error)}`);
    return 1;
  }
}
