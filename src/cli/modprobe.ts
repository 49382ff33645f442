import { readModprobeConfiguration } from '../config/modprobe-config-reader.ts';
import { kernelRequest } from '../demand/kernel-request.ts';
import { type Run, runEffects, runEffectsSync } from '../execute/effect.ts';
import { commandsWith } from '../execute/shell-command.ts';
import { findModuleDirectory, ModuleTree } from '../index-files/module-tree.ts';
import { MODULES_CONF } from '../plan/configured-command.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import type { CliIo } from './cli-io.ts';
import { dumpConfiguration } from './configuration-dump.ts';
import { reportConfiguration } from './configuration-report.ts';
import { Messages, ProgramEnd, QUIET_LEVEL, WARNING_LEVEL } from './messages.ts';
import { type ModprobeCall, rootOf } from './modprobe-call.ts';
import { modprobeHelp } from './modprobe-help.ts';
import { insertOperand } from './modprobe-insert.ts';
import { insertOperands } from './modprobe-operands.ts';
import { type ModprobeArguments, readModprobeArguments } from './modprobe-options.ts';
import { removeOperand } from './modprobe-remove.ts';
import { answerRequest } from './modprobe-request.ts';
import { showSymbols } from './modprobe-symbols.ts';
import { refusalText } from './refusal-text.ts';
import { readRules, rulesText } from './modprobe-rules.ts';
import { toolVersionText } from './version.ts';

/** modprobe(8), also as the kernel's helper. */
export function runModprobe(argv: readonly string[], io: CliIo, program: string): number | Promise<number> {
  const asked = kernelRequest(argv, io.env);
  return asked === undefined
    ? runWords(argv, io, program)
    : answerRequest(asked, io, (words, safeIo) => runWords(words, safeIo, program));
}

function runWords(argv: readonly string[], io: CliIo, program: string): number | Promise<number> {
  const messages = new Messages(io, program, WARNING_LEVEL);
  const request = readModprobeArguments(argv, io.env);
  switch (request.kind) {
    case 'help':
      io.stdout(modprobeHelp(program));
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

function runRequest(given: ModprobeArguments, outer: CliIo, messages: Messages): number | Promise<number> {
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
  const isRuled = given.modulesConf !== undefined || io.env[MODULES_CONF] !== undefined;
  const rules = isRuled ? readRules(given, io, messages) : undefined;
  if (typeof rules === 'number') return rules;
  const isShown = given.showDepends || messages.level > WARNING_LEVEL;
  const call: ModprobeCall = { io, messages, arguments: given, tree, configuration, rules, isShown };
  const run = runOperands(call);
  return given.jobs > 1
    ? runEffects(run, io.syscalls, io.commands)
    : runEffectsSync(run, io.syscalls, io.commands);
}

/** A message that is fatal ends all; any other failure is one of its operand. */
function* runOperands(call: ModprobeCall): Run<number> {
  const { operands, remove, all, showConfig, showModversions, showExports, compat } = call.arguments;
  const { messages, configuration, tree, io } = call;
  const [name = '', ...words] = operands;
  try {
    if (showConfig && call.rules !== undefined) {
      io.stdout(rulesText(call.rules));
      return 0;
    }
    if (showConfig) {
      dumpConfiguration(configuration, { tree, io, compat });
      return 0;
    }
    if (showModversions) return showSymbols(call, name, 'modversions');
    if (showExports) return showSymbols(call, name, 'symbols');
    if (!remove && !all) return yield* insertOperand(call, name, joinParameterWords(words));
    if (!remove) return yield* insertOperands(call, operands);
    let exitCode = 0;
    for (const operand of operands) if (removeOperand(call, operand) !== 0) exitCode = 1;
    return exitCode;
  } catch (error) {
    if (error instanceof ProgramEnd) return error.exitCode;
    messages.error(error instanceof Error ? error.message : refusalText(error));
    return 1;
  } finally {
    tree.close();
  }
}

function openTree(given: ModprobeArguments, io: CliIo): ModuleTree {
  const release = given.setVersion ?? io.release;
  const moduleDirectory = findModuleDirectory(rootOf({ arguments: given, io }), release);
  return new ModuleTree({ release, moduleDirectory, inPieces: true });
}
