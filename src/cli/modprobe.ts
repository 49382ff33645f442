import { readModprobeConfiguration } from '../config/modprobe-config-reader.ts';
import { commandsWith } from '../execute/shell-command.ts';
import { findModuleDirectory, ModuleTree } from '../index-files/module-tree.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import type { CliIo } from './cli-io.ts';
import { dumpConfiguration } from './configuration-dump.ts';
import { reportConfiguration } from './configuration-report.ts';
import { Messages, ProgramEnd, QUIET_LEVEL, WARNING_LEVEL } from './messages.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { helpText } from './manual.ts';
import { modprobeManual } from './modprobe-manual.ts';
import { insertOperand } from './modprobe-insert.ts';
import { type ModprobeArguments, readModprobeArguments } from './modprobe-options.ts';
import { removeOperand } from './modprobe-remove.ts';
import { refusalText } from './refusal-text.ts';
import { toolVersionText } from './version.ts';

/** modprobe(8). */
export function runModprobe(argv: readonly string[], io: CliIo, program: string): number {
  const messages = new Messages(io, program, WARNING_LEVEL);
  const request = readModprobeArguments(argv, io.env);
  switch (request.kind) {
    case 'help':
      io.stdout(helpText(modprobeManual, program));
      return 0;
    case 'version':
      io.stdout(toolVersionText());
      return 0;
    case 'mistake':
      messages.mistake(request.text);
      return 1;
    case 'error':
      messages.error(request.text);
      return 1;
    default:
      return runRequest(request.arguments, io, messages);
  }
}

function runRequest(given: ModprobeArguments, outer: CliIo, messages: Messages): number {
  const io = { ...outer, commands: commandsWith(given.environment, outer.commands) };
  messages.open({ syslog: given.syslog, syslogIfClosed: true });
  if (given.operands.length === 0 && !given.showConfig) {
    messages.error('missing parameters. See -h.');
    return 1;
  }
  messages.level = given.quiet ? QUIET_LEVEL : WARNING_LEVEL + given.verbose;
  const tree = openTree(given, io);
  const configuration = readModprobeConfiguration({
    paths: given.config.length > 0 ? given.config : undefined,
    root: io.root,
    workingDirectory: io.workingDirectory,
    tree,
    kernel: io.kernel,
    compat: given.compat,
  });
  reportConfiguration(configuration.problems, io, messages);
  const isShown = given.showDepends || messages.level > WARNING_LEVEL;
  const call: ModprobeCall = {
    io,
    messages,
    arguments: given,
    tree,
    configuration,
    printAction: (line) => {
      if (isShown) io.stdout(`${line}\n`);
    },
  };
  try {
    if (!given.showConfig) return runOperands(call);
    dumpConfiguration(configuration, { tree, io, compat: given.compat });
    return 0;
  } catch (error) {
    if (error instanceof ProgramEnd) return error.exitCode;
    messages.error(error instanceof Error ? error.message : refusalText(error));
    return 1;
  }
}

function runOperands(call: ModprobeCall): number {
  const { operands, remove, all } = call.arguments;
  const [name = '', ...words] = operands;
  if (!remove && !all) return insertOperand(call, name, joinParameterWords(words));
  // All are tried; one failure makes the whole fail.
  const codes = operands.map((operand) =>
    remove ? removeOperand(call, operand) : insertOperand(call, operand, ''),
  );
  return Math.max(...codes);
}

function openTree({ dirname, setVersion }: ModprobeArguments, io: CliIo): ModuleTree {
  const release = setVersion ?? io.release;
  const root = dirname === '' || dirname.startsWith('/') ? dirname : `${io.workingDirectory}/${dirname}`;
  return new ModuleTree({ release, moduleDirectory: findModuleDirectory(root, release) });
}
