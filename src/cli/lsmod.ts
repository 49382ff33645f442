import { resultText } from '../errors/system-error.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { hasModuleFolder, moduleCoreSize, moduleHolders, moduleRefcount } from '../kernel/module-state.ts';
import { classicList } from './classic-list.ts';
import type { CliIo } from './cli-io.ts';
import type { Messages } from './messages.ts';
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
  const { compat, classic, operands, messages } = given;
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
  if (classic) {
    io.stdout(classicList(modules, io.kernel));
    return 0;
  }
  io.stdout(HEADER + modules.map((module) => moduleLine(module, { io, messages, compat })).join(''));
  return 0;
}

function moduleLine(module: LoadedModule, context: LineContext): string {
  const facts = context.compat ? kmodFacts(module, context) : listFacts(module, context.io);
  const tail = facts.holders.length > 0 ? ` ${facts.holders.join(',')}` : '';
  return `${module.name.padEnd(19)} ${String(facts.size).padStart(8)}  ${facts.count}${tail}\n`;
}

interface LineContext {
  readonly io: CliIo;
  readonly messages: Messages;
  readonly compat: boolean;
}

/** What a line shows. */
interface LineFacts {
  readonly size: number;
  readonly count: number | string;
  readonly holders: readonly string[];
}

/** All from one reading of the list, so that a module that goes meanwhile makes no difference. */
function listFacts(module: LoadedModule, io: CliIo): LineFacts {
  const { name, refcount, users, state } = module;
  return {
    // While a module comes, /proc counts the memory of its init sections too, which kmod's lsmod leaves out.
    size: state === 'live' ? module.size : (moduleCoreSize(name, io.kernel) ?? module.size),
    // The kernel's count is -1 on the way out, and a dash where it keeps none.
    count: refcount === null ? '-' : Math.max(refcount, 0),
    holders: users.length > 1 ? inFolderOrder(module, io) : users,
  };
}

// The list's own order of users is not the one in which kmod's lsmod prints them.
function inFolderOrder({ name, users }: LoadedModule, io: CliIo): readonly string[] {
  const order = moduleHolders(name, io.kernel);
  return order.length === users.length ? order : users;
}

const ENOENT = -2;

/** kmod asks /sys for each module of the list, and prints errnos for what is not there. */
function kmodFacts({ name, size }: LoadedModule, { io, messages }: LineContext): LineFacts {
  const isThere = hasModuleFolder(name, io.kernel);
  if (!isThere) messages.error(`could not open '/sys/module/${name}/holders': ${resultText(ENOENT)}`);
  return {
    size: isThere ? (moduleCoreSize(name, io.kernel) ?? size) : ENOENT,
    count: moduleRefcount(name, io.kernel) ?? ENOENT,
    holders: moduleHolders(name, io.kernel),
  };
}
