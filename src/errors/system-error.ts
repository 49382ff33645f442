import { errnoEntry } from './errno.ts';

/** The highest value that the C library takes for an errno; an init function may return more. */
const MAX_ERRNO = 4095;

/** What is known about a system call that failed. */
export interface SystemErrorFacts {
  /** The call's result: `-errno`, or whatever else a module's init returned. Never 0. */
  readonly result: number;
  /** Name of the call, for example `finit_module`. */
  readonly syscall: string;
  /** File that the call was about, if any. */
  readonly path?: string | undefined;
  /** Kernel name of the module that the call was about, if known. */
  readonly module?: string | undefined;
  /** A sentence that tells more than the errno does. */
  readonly hint?: string | undefined;
}

/**
 * A system call's refusal, shaped like Node's own system errors.
 *
 * `code` is the errno's name (`ENOKEY`), `errno` its negative number, `syscall` the call. A value without a name
 * gets the code `UNKNOWN`; the loader passes a module's init result through, so such values occur.
 */
export class ModuleSystemError extends Error {
  readonly code: string;
  /** Negative, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  declare readonly path?: string;
  declare readonly module?: string;

  constructor(facts: SystemErrorFacts) {
    super(systemErrorMessage(facts));
    this.code = resultCode(facts.result);
    this.errno = facts.result;
    this.syscall = facts.syscall;
    if (facts.path !== undefined) this.path = facts.path;
    if (facts.module !== undefined) this.module = facts.module;
  }
}
Object.defineProperty(ModuleSystemError.prototype, 'name', {
  value: 'ModuleSystemError',
  configurable: true,
});

// A positive result is no errno, even where its digits are those of one.
function resultCode(result: number): string {
  return (result < 0 ? errnoEntry(result)?.name : undefined) ?? 'UNKNOWN';
}

/** The C library's words for a result: `-errno` or a raw value. */
export function resultText(result: number): string {
  const entry = result < 0 ? errnoEntry(result) : undefined;
  if (entry) return entry.text;
  if (result > 0) return `the call returned ${result}, which is neither success nor an errno`;
  if (result < -MAX_ERRNO)
    return `the call returned ${result}, below every errno (the module's init returned it)`;
  return `Unknown error ${-result}`;
}

function systemErrorMessage({ result, syscall, path, module, hint }: SystemErrorFacts): string {
  const subject = path ?? module;
  const base = `${resultCode(result)}: ${resultText(result)}, ${syscall}${subject === undefined ? '' : ` '${subject}'`}`;
  return hint === undefined ? base : `${base}: ${hint}`;
}
