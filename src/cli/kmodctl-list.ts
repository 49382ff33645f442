import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import type { Subcommand } from './kmodctl-options.ts';
import { textTable } from './text-table.ts';

/** `kmodctl list`. */
export const listSubcommand: Subcommand = {
  options: ['json'],
  help: `Usage: kmodctl list [--json]
Lists the loaded modules, newest first.
`,
  run({ has, operands }, io) {
    if (operands.length > 0) {
      io.stderr(`kmodctl list: unexpected operand ${operands[0]}\n`);
      return 1;
    }
    const modules = loadedModules(io.kernel);
    if (has('json')) {
      io.stdout(`${JSON.stringify(modules, null, 2)}\n`);
      return 0;
    }
    const header = ['MODULE', 'BYTES', 'USES', 'STATE', 'TAINTS', 'USED BY'];
    io.stdout(textTable([header, ...modules.map(moduleRow)], [1, 2]));
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
