import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { textTable } from './text-table.ts';

/** `kmodctl list`. */
export const listSubcommand: Subcommand = {
  options: ['json', 'color'],
  manual: {
    purpose: 'the loaded modules',
    usage: ['[options]'],
    about: 'Lists the loaded modules, newest first.',
    operands: 'none',
  },
  run({ has, operands, paint }, io) {
    if (operands.length > 0) throw new UsageError(`unexpected operand ${operands[0]}`);
    const modules = loadedModules(io.kernel);
    if (has('json')) {
      io.stdout(jsonDocument('list', { modules }));
      return 0;
    }
    const header = ['MODULE', 'BYTES', 'USES', 'STATE', 'TAINTS', 'USED BY'];
    const [first = '', ...rows] = textTable([header, ...modules.map(moduleRow)], [1, 2]).split(/(?<=\n)/);
    io.stdout([paint.bold(first.trimEnd()), '\n', ...rows].join(''));
    return 0;
  },
};

function moduleRow(module: LoadedModule): readonly string[] {
  const users = module.permanent ? [...module.users, '(permanent)'] : module.users;
  return [
    module.name,
    String(module.size),
    module.refcount === null ? '?' : String(module.refcount),
    module.state,
    module.taints === '' ? '-' : module.taints,
    users.length === 0 ? '-' : users.join(' '),
  ];
}
