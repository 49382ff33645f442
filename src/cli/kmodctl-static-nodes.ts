import { treeOf } from '../api/place-options.ts';
import { writeStaticNodes } from './kmod.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { nodeFormats } from './static-nodes.ts';

/** `kmodctl static-nodes`: kmod's command, for any tree and release. */
export const staticNodesSubcommand: Subcommand = {
  options: ['format', 'output', 'release', 'root'],
  manual: {
    purpose: 'the device nodes that load a module when they are opened',
    usage: ['[options]'],
    about: 'Lists the device nodes that load a module when they are opened.',
    operands: 'none',
  },
  run({ value, operands, place }, io) {
    if (operands.length > 0) throw new UsageError(`unexpected operand ${operands[0]}`);
    const wanted = value('format') ?? 'human';
    const format = nodeFormats.find((name) => name === wanted);
    if (format === undefined)
      throw new UsageError(`--format takes ${nodeFormats.join(', ')}, not '${wanted}'`);
    return writeStaticNodes(treeOf(place), { io, format, output: value('output') });
  },
};
