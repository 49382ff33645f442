import type { CliIo } from './cli-io.ts';

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

/** Messages in the form of kmod's tools: `modprobe: FATAL: …` on stderr, if the level lets them through. */
export class Messages {
  readonly #io: CliIo;
  readonly #program: string;
  level: number;

  constructor(io: CliIo, program: string, level: number) {
    this.#io = io;
    this.#program = program;
    this.level = level;
  }

  /** @throws ProgramEnd when the level lets the message through */
  fatal(text: string): void {
    if (this.level < FATAL_LEVEL) return;
    this.#write('FATAL', text);
    throw new ProgramEnd(1);
  }

  error(text: string): void {
    if (this.level >= ERROR) this.#write('ERROR', text);
  }

  warning(text: string): void {
    if (this.level >= WARNING_LEVEL) this.#write('WARNING', text);
  }

  info(text: string): void {
    if (this.level >= INFO) this.#write('INFO', text);
  }

  /** A mistake in the command line, in the C library's form. It ignores the level. */
  mistake(text: string): void {
    this.#io.stderr(`${this.#program}: ${text}\n`);
  }

  #write(priority: string, text: string): void {
    this.#io.stderr(`${this.#program}: ${priority}: ${text}\n`);
  }
}
