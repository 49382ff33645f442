import { why, whyNot } from '../api/why.ts';
import { absenceText, accountText } from './account-text.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError, namedConfiguration } from './kmodctl-options.ts';

/** `kmodctl why`. */
export const whySubcommand: Subcommand = {
  options: ['not', 'config', 'release', 'root', 'json', 'color'],
  manual: {
    purpose: 'why a module is loaded and what keeps it, or why it is not',
    usage: ['[options] NAME'],
    about:
      'Tells what asks for a loaded module, and what keeps it in the kernel: modules, mounts, swap, open devices with their processes, sockets, rules, settings; with --not why it is not loaded. Each line has where it is seen. What the kernel counts beyond that is told, too, and so is what could not be read; root sees more. The exit code is 1 if the module is not loaded, with --not if it is.',
    operands: 'modules',
  },
  async run(given, io) {
    const { has, operands, place, paint } = given;
    const [name, ...more] = operands;
    if (name === undefined) throw new UsageError('which module? Give its name.');
    if (more.length > 0) throw new UsageError(`unexpected operand ${more[0]}: one module at a time`);
    const config = namedConfiguration(given, io);
    const options = {
      ...place,
      ...(config.length > 0 && { config }),
      ...(place.root === undefined && io.root !== undefined && { configRoot: io.root }),
    };
    if (has('not')) {
      const absence = await whyNot(name, options);
      io.stdout(has('json') ? jsonDocument('why-not', absence) : absenceText(absence, paint));
      return absence.state === 'not-loaded' ? 0 : 1;
    }
    const account = await why(name, options);
    io.stdout(has('json') ? jsonDocument('why', account) : accountText(account, paint));
    return account.state === 'not-loaded' ? 1 : 0;
  },
};
