import { existsSync } from 'node:fs';

import { ModuleTree } from '../index-files/module-tree.ts';
import type { CliIo } from './cli-io.ts';
import { type OptionName, parseArguments, parseOptions } from './getopt-long.ts';
import { kmodManual, staticNodesManual } from './kmod-manuals.ts';
import { runLsmod } from './lsmod.ts';
import { helpText } from './manual.ts';
import { ERROR_LEVEL, Messages } from './messages.ts';
import { resultText } from '../errors/system-error.ts';
import { type NodeFormat, nodeFormats, staticNodes, writeNodeFile } from './static-nodes.ts';
import { toolVersionText } from './version.ts';

/** Of kmod itself. */
export const kmodOptionNames: readonly OptionName<'help' | 'version'>[] = [
  { long: 'help', short: 'h', id: 'help' },
  { long: 'version', short: 'V', id: 'version' },
];

const nodeOptions: readonly OptionName<'output' | 'format' | 'help'>[] = [
  { long: 'output', short: 'o', id: 'output', takesValue: true },
  { long: 'format', short: 'f', id: 'format', takesValue: true },
  { long: 'help', short: 'h', id: 'help' },
];

/** kmod(8): the commands that are no program of their own. */
export function runKmod(argv: readonly string[], io: CliIo, program: string): number {
  const { options, operands, mistake } = parseArguments(argv, kmodOptionNames, { stopsAtOperand: true });
  const help = helpText(kmodManual, program);
  const [first] = options;
  if (first !== undefined) {
    io.stdout(first.id === 'help' ? help : toolVersionText());
    return 0;
  }
  if (mistake !== undefined) {
    new Messages(io, program, ERROR_LEVEL).mistake(mistake);
    return 1;
  }
  const [command, ...rest] = operands;
  switch (command) {
    case 'help':
      io.stdout(help);
      return 0;
    case 'list':
      return runLsmod(rest, io, program, command);
    case 'static-nodes':
      return runStaticNodes(rest, io, program);
    default:
      io.stderr(command === undefined ? 'missing command\n' : `invalid command '${command}'\n`);
      io.stdout(help);
      return 1;
  }
}

function runStaticNodes(argv: readonly string[], io: CliIo, program: string): number {
  const { options, mistake } = parseArguments(argv, nodeOptions, parseOptions(io.env));
  const help = helpText(staticNodesManual, `${program} static-nodes`);
  let format: NodeFormat = 'human';
  for (const { id, value } of options) {
    if (id === 'help') {
      io.stdout(help);
      return 0;
    }
    if (id !== 'format') continue;
    const known = nodeFormats.find((name) => name === value);
    if (known === undefined) {
      io.stderr(`Unknown format: '${value}'.\n`);
      io.stdout(help);
      return 1;
    }
    format = known;
  }
  if (mistake !== undefined) {
    new Messages(io, 'static-nodes', ERROR_LEVEL).mistake(mistake);
    return 1;
  }
  const output = options.findLast(({ id }) => id === 'output')?.value;
  return writeStaticNodes(new ModuleTree({ release: io.release }), { io, format, output });
}

/** Writes the list of a tree's nodes to stdout or a file; answers the exit code. */
export function writeStaticNodes(
  tree: ModuleTree,
  {
    io,
    format,
    output,
  }: { readonly io: CliIo; readonly format: NodeFormat; readonly output: string | undefined },
): number {
  const input = `${tree.directory}/modules.devname`;
  let content: string;
  try {
    content = tree.text('modules.devname');
  } catch (error) {
    io.stderr(`Error: could not open ${input} - ${errnoText(error)}\n`);
    return 1;
  }
  if (content === '' && !existsSync(input)) {
    io.stderr(`Warning: ${input} not found - ignoring\n`);
    return 0;
  }
  const { text, malformed } = staticNodes(content, format);
  try {
    if (output === undefined) io.stdout(Buffer.from(text, 'latin1'));
    else writeNodeFile(output.startsWith('/') ? output : `${io.workingDirectory}/${output}`, text);
  } catch (error) {
    const { syscall } = error as NodeJS.ErrnoException;
    const what = syscall === 'mkdir' ? `create parent directory for ${output}` : `create ${output}`;
    io.stderr(`Error: could not ${what} - ${errnoText(error)}${syscall === 'mkdir' ? '.' : ''}\n`);
    return 1;
  }
  for (const line of malformed) io.stderr(Buffer.from(`Error: invalid devname entry: ${line}\n`, 'latin1'));
  return malformed.length === 0 ? 0 : 1;
}

function errnoText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : resultText(errno);
}
