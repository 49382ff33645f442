import { argumentRangeError, argumentTypeError, requireString } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { byteLength } from './byte-text.ts';

/**
 * Longest parameter string accepted, in bytes without its NUL: one page less one byte, the length of the kernel's
 * own buffers for parameters (sysfs hands a page to a setter, and a value is copied to one when it is read back).
 */
export const MAX_PARAMETERS_LENGTH = 4095;

/** A string that can cross the system call boundary: no embedded NUL, at which the kernel would stop reading. */
export function requireCString(argument: string, value: unknown): string {
  const text = requireString(argument, value);
  const position = text.indexOf('\0');
  if (position === -1) return text;
  throw Object.assign(
    new TypeError(
      `The "${argument}" argument must not contain a NUL character (found at index ${position}): the kernel would ignore the rest`,
    ),
    { code: 'ERR_INVALID_ARG_VALUE' },
  );
}

/**
 * A parameter string for init_module and finit_module.
 *
 * @throws TypeError for another type or an embedded NUL, KmodError `ERR_KMOD_PARAMETERS` when longer than a page
 */
export function requireParameters(argument: string, value: unknown): string {
  const text = requireCString(argument, value);
  const length = byteLength(text);
  if (length <= MAX_PARAMETERS_LENGTH) return text;
  throw new KmodError(
    'ERR_KMOD_PARAMETERS',
    `The "${argument}" argument has ${length} bytes; at most ${MAX_PARAMETERS_LENGTH} (a page less the final NUL) can be given to a module`,
  );
}

/** Longest name that a module can have, in bytes: 64 less the kernel's `unsigned long`, less the NUL. */
const MAX_MODULE_NAME_LENGTH = process.arch === 'ia32' || process.arch === 'arm' ? 59 : 55;

/**
 * A module's name for delete_module.
 *
 * Kernels before 6.1.149, 6.12.43 and 6.17 cut a longer name to this length, and would unload another module.
 *
 * @throws TypeError for another type or an embedded NUL, RangeError for a name that no module can have
 */
export function requireModuleName(argument: string, value: unknown): string {
  const name = requireCString(argument, value);
  const length = byteLength(name);
  if (length <= MAX_MODULE_NAME_LENGTH) return name;
  throw argumentRangeError(
    argument,
    `at most ${MAX_MODULE_NAME_LENGTH} bytes long`,
    `${length} bytes: ${name}`,
  );
}

/** A file descriptor number. Whether it is open is for the kernel to say. */
export function requireDescriptor(argument: string, value: unknown): number {
  if (typeof value !== 'number') throw argumentTypeError(argument, 'a file descriptor (type number)', value);
  if (!Number.isInteger(value) || value < 0 || value > 0x7fff_ffff)
    throw argumentRangeError(argument, 'a file descriptor (an integer from 0 to 2147483647)', value);
  return value;
}

/**
 * A module image whose memory stays where it is.
 *
 * @throws TypeError for another type and for memory shared with other threads, KmodError `ERR_KMOD_IMAGE` for a
 *   detached or resizable buffer
 */
export function requireImage(argument: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw argumentTypeError(argument, 'a Buffer or Uint8Array', value);
  const memory: ArrayBufferLike & { readonly resizable?: boolean } = value.buffer;
  if (!(memory instanceof ArrayBuffer))
    throw argumentTypeError(argument, 'a Buffer or Uint8Array over an ArrayBuffer of its own', memory);
  if (memory.resizable === true)
    throw new KmodError(
      'ERR_KMOD_IMAGE',
      `The "${argument}" argument lies in a resizable ArrayBuffer, whose memory can move; pass a copy (Buffer.from(image))`,
    );
  if (isDetached(memory))
    throw new KmodError(
      'ERR_KMOD_IMAGE',
      `The "${argument}" argument lies in a detached ArrayBuffer: it was transferred, and its content is elsewhere`,
    );
  return value;
}

function isDetached(memory: ArrayBuffer): boolean {
  if (memory.byteLength > 0) return false;
  try {
    return new Uint8Array(memory).byteLength !== 0; // throws on a detached buffer
  } catch {
    return true;
  }
}
