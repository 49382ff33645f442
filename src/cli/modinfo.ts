import { availableParallelism } from 'node:os';

import { READ_AHEAD } from '../api/modinfo.ts';
import { ModinfoSource } from '../api/modinfo-source.ts';
import { findModinfoTargets, type ModinfoTarget } from '../api/modinfo-target.ts';
import { type Outcome, readAhead } from '../api/read-ahead.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { resultText } from '../errors/system-error.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import { findModuleDirectory, ModuleTree } from '../index-files/module-tree.ts';
import type { ModinfoOfFile } from '../module-file/modinfo-file.ts';
import { textOfBytes } from '../module-file/modinfo-section.ts';
import { ByteOutput } from './byte-output.ts';
import type { CliIo } from './cli-io.ts';
import { ERROR_LEVEL, Messages } from './messages.ts';
import { parseOptions } from './getopt-long.ts';
import { helpText } from './manual.ts';
import { modinfoManual } from './modinfo-manual.ts';
import { type ModinfoArguments, readModinfoArguments } from './modinfo-options.ts';
import { type ModinfoPrinter, modinfoPrinter } from './modinfo-printer.ts';
import { runModinfoVersions } from './modinfo-versions.ts';
import { toolVersionText } from './version.ts';

/** modinfo(8). */
export function runModinfo(argv: readonly string[], io: CliIo, program: string): number | Promise<number> {
  const messages = new Messages(io, program, ERROR_LEVEL);
  const request = readModinfoArguments(argv, parseOptions(io.env));
  switch (request.kind) {
    case 'help':
      io.stdout(helpText(modinfoManual, program));
      return 0;
    case 'version':
      io.stdout(toolVersionText());
      return 0;
    case 'mistake':
      messages.mistake(request.text);
      return 1;
    case 'refusal':
      messages.error(request.text);
      return 1;
    default:
      if (request.arguments.form === 'versions' || request.arguments.form === 'classic')
        return runModinfoVersions(request.arguments, io, messages);
      return new ModinfoRun(request.arguments, io, messages).run();
  }
}

/** What is to be shown next: a module, or why there is none. */
type Item = { readonly target: ModinfoTarget } | { readonly complaint: string };

/** EINVAL, which is what kmod makes of a file that it cannot take apart. */
const EINVAL = -22;

class ModinfoRun {
  readonly #given: ModinfoArguments;
  readonly #io: CliIo;
  readonly #messages: Messages;
  readonly #tree: ModuleTree;
  readonly #source: ModinfoSource;
  readonly #output: ByteOutput;
  readonly #printer: ModinfoPrinter;
  #exitCode = 0;

  constructor(given: ModinfoArguments, io: CliIo, messages: Messages) {
    this.#given = given;
    this.#io = io;
    this.#messages = messages;
    this.#tree = openTree(given, io);
    this.#source = new ModinfoSource(this.#tree);
    this.#output = new ByteOutput(io.stdout);
    this.#printer = modinfoPrinter(given);
  }

  // Compressed files are unpacked on other threads while this one goes on; what is shown keeps the operands' order.
  async run(): Promise<number> {
    const ahead = READ_AHEAD * availableParallelism();
    this.#output.add(this.#printer.begin);
    for await (const [item, outcome] of readAhead(this.#items(), (next) => this.#read(next), ahead))
      this.#show(item, outcome);
    this.#output.add(this.#printer.end());
    this.#output.flush();
    return this.#exitCode;
  }

  *#items(): Generator<Item, void, undefined> {
    const { byName, operands } = this.#given;
    const place = { tree: this.#tree, workingDirectory: this.#io.workingDirectory };
    for (const operand of operands) {
      let targets: readonly ModinfoTarget[];
      try {
        targets = findModinfoTargets(place, operand, byName ? 'name' : 'auto');
      } catch (error) {
        yield { complaint: (error as Error).message };
        continue;
      }
      if (targets.length === 0) yield { complaint: notFoundText(operand, byName) };
      for (const target of targets) yield { target };
    }
  }

  #read(item: Item): ModinfoOfFile | Promise<ModinfoOfFile> | undefined {
    if ('complaint' in item || this.#given.field === 'filename') return undefined;
    return this.#source.read(item.target);
  }

  #show(item: Item, outcome: Outcome<ModinfoOfFile | undefined>): void {
    if ('complaint' in item) {
      this.#complain(item.complaint);
      return;
    }
    this.#output.add(this.#printer.head(item.target));
    if ('error' in outcome) this.#complainOfFile(item.target, outcome.error);
    else if (outcome.result !== undefined) this.#showContent(item.target, outcome.result);
  }

  #showContent(target: ModinfoTarget, modinfo: ModinfoOfFile): void {
    const { text, malformed } = this.#printer.body(target, modinfo);
    if (malformed.length > 0) {
      this.#output.flush();
      for (const { key, value } of malformed)
        this.#messages.error(`Found invalid "${key}=${textOfBytes(value)}": missing ':'`);
    }
    this.#output.add(text);
  }

  #complainOfFile({ module }: ModinfoTarget, error: unknown): void {
    if (!(error instanceof KmodError)) throw error;
    this.#complain(`could not get modinfo from '${module}': ${resultText(error.errno ?? EINVAL)}`);
    // Where the errno is not a system call's answer, it says too little.
    if (error.syscall === undefined) this.#messages.error(error.message);
  }

  #complain(text: string): void {
    this.#exitCode = 1;
    this.#output.flush();
    this.#messages.error(text);
  }
}

function notFoundText(operand: string, byName: boolean): string {
  if (byName) return `Module name ${operand} not found.`;
  // kmod has another word for what cannot be an alias.
  const subject = normalizeAlias(operand) === undefined ? 'Module alias' : 'Module';
  return `${subject} ${operand} not found.`;
}

function openTree(given: ModinfoArguments, io: CliIo): ModuleTree {
  const { basedir = '', release = io.release } = given;
  const root = basedir === '' || basedir.startsWith('/') ? basedir : `${io.workingDirectory}/${basedir}`;
  return new ModuleTree({ release, moduleDirectory: findModuleDirectory(root, release) });
}
