/**
 * kmodctl's own commands, by the source of their list: whoever adds a command there gets a bundle and compiled code for it.
 */
import { readFileSync } from 'node:fs';

const LIST = 'src/cli/kmodctl-subcommands.ts';
const IMPORT = /^import \{([^}]*)\} from '(\.\/[^']+)';/gm;
const ENTRY = /^ {2}(?:'([\w-]+)'|(\w+)): (\w+),$/gm;

/**
 * The commands in the order of the list: `name`, and the name of what is exported by `file`, which is relative to `src/cli`.
 *
 * @throws Error when the list has another form
 */
export function ownCommands(root) {
  const source = readFileSync(`${root}/${LIST}`, 'utf8');
  const files = new Map();
  for (const [, names, file] of source.matchAll(IMPORT))
    for (const name of names.split(',')) files.set(name.trim(), file);
  const commands = [...source.matchAll(ENTRY)].map(([, quoted, plain, exported]) => {
    const file = files.get(exported);
    if (file === undefined) throw new Error(`${LIST}: ${exported} is not imported`);
    return { name: quoted ?? plain, exported, file };
  });
  if (commands.length === 0) throw new Error(`${LIST}: no line is 'name: imported,'`);
  return commands;
}
