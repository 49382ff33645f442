import { errnoNumber } from '../errors/errno.ts';
import { KmodError } from '../errors/kmod-error.ts';

/** What is wrong with a module file, and where. */
export interface ElfDamage {
  /** Byte of the unpacked file at which the fault lies. */
  readonly offset: number;
  /** Field or part concerned, for example `e_shoff`. */
  readonly field: string;
  /** What stands there, as a predicate: `is 0x1000, behind the end of the file (512 bytes)`. */
  readonly fault: string;
}

/**
 * The error for a damaged module file. It carries the errno that kmod would report, so that the tools can print kmod's
 * words: ENOEXEC for what is no ELF file, EINVAL for a broken one, ENODATA for a part that is missing.
 */
export function elfError(
  path: string,
  { offset, field, fault }: ElfDamage,
  errno: 'EINVAL' | 'ENOEXEC' | 'ENODATA' = 'EINVAL',
): KmodError {
  return new KmodError(
    'ERR_KMOD_MODULE_CORRUPT',
    `The module file ${path} is damaged at byte ${offset}: ${field} ${fault}. Install or build it anew.`,
    { path, errno: -(errnoNumber(errno) ?? 0) },
  );
}

/** A number as messages show it. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
