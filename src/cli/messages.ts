import type { CliIo } from './cli-io.ts';
import { mistakeBytes } from './getopt-long.ts';

/** Ends the program with an exit code. Thrown after a fatal message has been shown, as kmod's tools end there. */
export class ProgramEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Fatal messages are shown from this level on. */
export const FATAL_LEVEL = 2;
const ERROR = 3;
/** Messages up to warnings are shown; where modprobe and depmod start. */
export const WARNING_LEVEL = 4;
const INFO = 6;
/** Messages up to errors are shown; where the other tools start. */
export const ERROR_LEVEL = 3;
/** Nothing is shown. */
export const QUIET_LEVEL = 0;

/** Where a tool's messages are to go besides stderr. */
export interface MessageTarget {
  /** -s: to the system's log. */
  readonly syslog: boolean;
  /** Whether the log is also used where stderr was closed at the start, as modprobe does. Default false. */
  readonly syslogIfClosed?: boolean;
}

/**
 * Messages in the form of kmod's tools: `modprobe: FATAL: …` on stderr or in the system's log, if the level lets them
 * through.
 */
export class Messages {
  readonly #io: CliIo;
  readonly #program: string;
  /** Whether they go to the system's log. It is found out when the first message comes. Undefined: to stderr. */
  #isLogged: (() => boolean) | undefined;
  level: number;

  constructor(io: CliIo, program: string, level: number) {
    this.#io = io;
    this.#program = program;
    this.level = level;
  }

  /** Says where messages go from now on. Those on options go to stderr, as options are read before. */
  open({ syslog, syslogIfClosed = false }: MessageTarget): void {
    const { stderrWasClosed } = this.#io;
    let isLogged: boolean | undefined = syslog || (syslogIfClosed ? undefined : false);
    this.#isLogged = () => (isLogged ??= stderrWasClosed?.() === true);
  }

  /** The same messages by way of another io. */
  through(io: CliIo): Messages {
    const other = new Messages(io, this.#program, this.level);
    const isLogged = this.#isLogged;
    if (isLogged !== undefined) other.#isLogged = isLogged;
    return other;
  }

  /** @throws ProgramEnd when the level lets the message through */
  fatal(text: string): void {
    if (this.level < FATAL_LEVEL) return;
    this.#write(FATAL_LEVEL, 'FATAL', text);
    throw new ProgramEnd(1);
  }

  error(text: string): void {
    if (this.level >= ERROR) this.#write(ERROR, 'ERROR', text);
  }

  warning(text: string): void {
    if (this.level >= WARNING_LEVEL) this.#write(WARNING_LEVEL, 'WARNING', text);
  }

  info(text: string): void {
    if (this.level >= INFO) this.#write(INFO, 'INFO', text);
  }

  /** A mistake in the command line, in the C library's form. It ignores the level. */
  mistake(text: string): void {
    this.#io.stderr(mistakeBytes(`${this.#program}: ${text}\n`));
  }

  #write(priority: number, word: string, text: string): void {
    const log = this.#isLogged?.() === true ? this.#io.systemLog : undefined;
    if (log === undefined) this.#io.stderr(`${this.#program}: ${word}: ${text}\n`);
    // The newline at the end is kmod's.
    else log(this.#program, priority, `${word}: ${text}\n`);
  }
}
