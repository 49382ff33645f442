import type { KmodErrorCode } from './error-codes.ts';

/** Further facts of a {@link KmodError}. */
export interface KmodErrorDetails {
  /** Negative errno, where a system call's answer is behind the error. */
  readonly errno?: number;
  /** System call that answered, for example `finit_module`. */
  readonly syscall?: string;
  /** File concerned. */
  readonly path?: string;
  /** Kernel name of the module concerned. */
  readonly module?: string;
  /** Error that led to this one. */
  readonly cause?: unknown;
}

/** A failure that this package found itself; `code` is stable and listed in docs/api.md. */
export class KmodError extends Error {
  readonly code: KmodErrorCode;
  declare readonly errno?: number;
  declare readonly syscall?: string;
  declare readonly path?: string;
  declare readonly module?: string;

  constructor(code: KmodErrorCode, message: string, details: KmodErrorDetails = {}) {
    const { cause, ...facts } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, facts);
  }
}
Object.defineProperty(KmodError.prototype, 'name', { value: 'KmodError', configurable: true });
