import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { moduleCoreSize, moduleHolders } from '../kernel/module-state.ts';
import type { CliIo } from './cli-io.ts';
import { hasCode, refusalText } from './refusal-text.ts';
import { lsmodManual } from './small-tool-manuals.ts';
import { readingOptions, readToolArguments } from './tool-options.ts';

const HEADER = 'Module                  Size  Used by\n';

/**
 * lsmod(8).
 *
 * @param command what the C library's messages on options name; default: the program
 */
export function runLsmod(argv: readonly string[], io: CliIo, program: string, command = program): number {
  const given = readToolArguments(argv, { io, program, command, names: readingOptions, manual: lsmodManual });
  if (typeof given === 'number') return given;
  const { operands, messages } = given;
  if (operands.length > 0) {
    messages.error('too many arguments provided.');
    return 1;
  }
  let modules: readonly LoadedModule[];
  try {
    modules = loadedModules(io.kernel);
  } catch (error) {
    if (hasCode(error, 'ERR_KMOD_NO_MODULE_SUPPORT'))
      messages.error(`could not open ${error.path}: ${refusalText(error)}`);
    messages.error(`could not get list of modules: ${refusalText(error)}`);
    return 1;
  }
  io.stdout(HEADER + modules.map((module) => moduleLine(module, io)).join(''));
  return 0;
}

function moduleLine(module: LoadedModule, io: CliIo): string {
  const { name, refcount, users, state } = module;
  // While a module comes, /proc counts the memory of its init sections too, which kmod's lsmod leaves out.
  const size = state === 'live' ? module.size : (moduleCoreSize(name, io.kernel) ?? module.size);
  // kmod prints -ENOENT for a count that the kernel does not keep.
  const count = refcount ?? -2;
  const holders = users.length > 1 ? inFolderOrder(module, io) : users;
  const tail = holders.length > 0 ? ` ${holders.join(',')}` : '';
  return `${name.padEnd(19)} ${String(size).padStart(8)}  ${count}${tail}\n`;
}

// The list's own order of users is not the one in which kmod's lsmod prints them.
function inFolderOrder({ name, users }: LoadedModule, io: CliIo): readonly string[] {
  const order = moduleHolders(name, io.kernel);
  return order.length === users.length ? order : users;
}
