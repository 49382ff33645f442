import { loadedTree } from '../api/loaded-picture.ts';
import type { LoadedBranch } from '../plan/loaded-tree.ts';
import { otherUses } from '../plan/loaded-graph.ts';
import { jsonDocument } from './json-output.ts';
import type { Subcommand } from './kmodctl-options.ts';
import { textTable } from './text-table.ts';
import { isUnicodeTerminal, type TextBranch, treeLines } from './tree-text.ts';

/** `kmodctl tree`. */
export const treeSubcommand: Subcommand = {
  options: ['reverse', 'json', 'color'],
  manual: {
    purpose: 'the loaded modules as a tree of what uses what',
    usage: ['[options] [NAME...]'],
    about:
      'Shows each loaded module that no other one uses with the modules that it uses below it, those with what they use, and so on. USES counts all users, OTHERS those that are no modules. What stands below a module is shown once; "..." stands for it at later places. With names only the trees of these.',
    operands: 'loaded',
  },
  run({ has, operands, paint }, io) {
    const reverse = has('reverse');
    const trees = loadedTree({
      root: io.kernel.root,
      reverse,
      ...(operands.length > 0 && { names: operands }),
    });
    if (has('json')) {
      io.stdout(jsonDocument('tree', { reverse, trees }));
      return 0;
    }
    const lines = treeLines(trees.map(textBranch), isUnicodeTerminal(io));
    const rows = trees.flatMap(branchesOf).map(({ module }, index): readonly string[] => {
      const { size, refcount, permanent, state } = module;
      const marks = [permanent ? 'permanent' : '', state === 'live' ? '' : state].filter(
        (word) => word !== '',
      );
      const others = refcount === null ? '?' : String(otherUses(module));
      return [lines[index] ?? '', String(size), String(refcount ?? '?'), others, marks.join(' ')];
    });
    const table = textTable([['MODULE', 'BYTES', 'USES', 'OTHERS', ''], ...rows], [1, 2, 3]);
    const [header = '', ...rest] = table.split(/(?<=\n)/);
    io.stdout([paint.bold(header.trimEnd()), '\n', ...rest].join(''));
    return 0;
  },
};

function textBranch({ module, branches, repeated }: LoadedBranch): TextBranch {
  return { text: repeated ? `${module.name} ...` : module.name, branches: branches.map(textBranch) };
}

/** A branch and all below it, in the order of the lines. */
function branchesOf(branch: LoadedBranch): readonly LoadedBranch[] {
  return [branch, ...branch.branches.flatMap(branchesOf)];
}
