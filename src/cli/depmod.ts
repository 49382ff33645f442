import { cacheLocation } from '../depmod/cache-location.ts';
import { checkIndexes } from '../depmod/check.ts';
import { makeIndexes, runDepmod as writeIndexes } from '../depmod/depmod.ts';
import type { DepmodNotice } from '../depmod/depmod-notice.ts';
import type { DepmodOptions } from '../depmod/depmod-options.ts';
import { moduleDirectories } from '../depmod/module-directories.ts';
import { isUpToDate } from '../depmod/freshness.ts';
import { IndexTextError } from '../index-files/index-writer.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import { ByteOutput } from './byte-output.ts';
import type { CliIo } from './cli-io.ts';
import { parseOptions } from './getopt-long.ts';
import { helpText } from './manual.ts';
import { depmodManual } from './depmod-manual.ts';
import { type DepmodArguments, readDepmodArguments } from './depmod-options.ts';
import { checkSummary, checkText, failureSummary, resultSummary, upToDateSummary } from './depmod-summary.ts';
import { Messages, ProgramEnd, WARNING_LEVEL } from './messages.ts';
import { ProgressLine } from './progress-line.ts';
import { hasCode } from './refusal-text.ts';
import { toolVersionText } from './version.ts';

/** depmod(8). */
export function runDepmod(argv: readonly string[], io: CliIo, program: string): number {
  const messages = new Messages(io, program, WARNING_LEVEL);
  const request = readDepmodArguments(argv, parseOptions(io.env));
  switch (request.kind) {
    case 'help':
      io.stdout(helpText(depmodManual, program));
      return 0;
    case 'version':
      io.stdout(toolVersionText());
      return 0;
    case 'mistake':
      messages.mistake(request.text);
      return 1;
    default:
  }
  try {
    if (request.kind === 'run') return runRequest(request.arguments, { io, messages, program });
    messages.fatal(request.text);
  } catch (error) {
    if (!(error instanceof ProgramEnd)) throw error;
  }
  return 1;
}

function runRequest(
  given: DepmodArguments,
  { io, messages, program }: { readonly io: CliIo; readonly messages: Messages; readonly program: string },
): number {
  messages.level = WARNING_LEVEL + given.verbose;
  const [release, ...files] = given.operands;
  if (release !== undefined && !/^\s*[-+]?\d+\.\s*[-+]?\d/.test(release)) {
    messages.error(`Bad version passed ${release}`);
    return 1;
  }
  const notices: DepmodNotice[] = [];
  const output = new ByteOutput(io.stdout);
  const progress = new ProgressLine(io, `${program}: modules read:`);
  const isJson = given.json;
  const options: DepmodOptions = {
    release: release ?? io.release,
    root: absolute(given.basedir, io),
    outputRoot: absolute(given.outdir, io),
    moduleDirectory: given.moduledir,
    workingDirectory: io.workingDirectory,
    files: given.all || given.quick || files.length === 0 ? undefined : files,
    configPaths: given.config,
    symvers: given.symvers,
    systemMap: given.filesyms,
    checksSymbols: given.errsyms,
    symbolPrefix: given.symbolPrefix,
    warnsOfDuplicates: given.warn,
    dryRun: given.show,
    compat: given.compat,
    jobs: given.jobs,
    onProgress: progress.onProgress,
    report: (notice) => {
      notices.push(notice);
      progress.erase();
      show(notice, messages);
    },
    onEdge:
      given.verbose === 0 || isJson
        ? undefined
        : ({ path, symbol, owner }) => {
            output.add(`${bytesOfText(path)} needs "${symbol}": ${bytesOfText(owner)}\n`);
          },
  };
  const cacheFile = given.cache
    ? cacheLocation(moduleDirectories(options).directory, { ...io.env })
    : undefined;
  try {
    if (given.quick && (given.show || isUpToDate(options))) {
      if (isJson) output.add(upToDateSummary(options, notices));
      return 0;
    }
    if (given.check) {
      const made = makeIndexes({ ...options, dryRun: false, cacheFile });
      progress.erase();
      const check = checkIndexes(made.outputDirectory, made.outputs);
      output.add(isJson ? checkSummary(made, check, notices) : checkText(made, check));
      return check.isCurrent ? 0 : 1;
    }
    const result = writeIndexes({ ...options, cacheFile });
    progress.erase();
    if (isJson) output.add(resultSummary(result, notices));
    else if (given.show) for (const { content } of result.outputs) output.add(content.toString('latin1'));
    return 0;
  } catch (error) {
    if (error instanceof ProgramEnd) throw error;
    progress.erase();
    const text = failureText(error);
    if (isJson) output.add(failureSummary(options, error, notices));
    if (hasCode(error, 'ERR_KMOD_DEPENDENCY_CYCLE')) messages.error(text);
    else messages.fatal(text);
    return 1;
  } finally {
    output.flush();
  }
}

function absolute(path: string | undefined, io: CliIo): string | undefined {
  return path === undefined || path.startsWith('/') ? path : `${io.workingDirectory}/${path}`;
}

function failureText(error: unknown): string {
  if (error instanceof IndexTextError) {
    const character = String.fromCharCode(error.character);
    return `Module index: bad character '${character}'=0x${error.character.toString(16)} - only 7-bit ASCII is supported:\n${error.text}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function show({ priority, text }: DepmodNotice, messages: Messages): void {
  if (priority === 'error') messages.error(text);
  else if (priority === 'warning') messages.warning(text);
  else messages.info(text);
}
