import { drawLoaded, drawLoadedSvg } from '../api/loaded-picture.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';

/** `kmodctl graph`. */
export const graphSubcommand: Subcommand = {
  options: ['graph-format'],
  manual: {
    purpose: 'a picture of the loaded modules',
    usage: ['[options] [NAME...]'],
    about:
      'Draws the loaded modules, each with an arrow to every module that it uses and with the number of its uses by other things than modules. With names only these, what they use and what uses them.',
    operands: 'loaded',
  },
  run({ value, operands }, io) {
    const format = value('graph-format') ?? 'dot';
    const options = { root: io.kernel.root, ...(operands.length > 0 && { names: operands }) };
    if (format === 'svg')
      return drawLoadedSvg(options).then((svg) => {
        io.stdout(svg);
        return 0;
      });
    if (format !== 'dot' && format !== 'mermaid')
      throw new UsageError(`--format takes dot, mermaid or svg, not '${format}'`);
    io.stdout(drawLoaded(format, options));
    return 0;
  },
};
