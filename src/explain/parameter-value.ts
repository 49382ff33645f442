import type { ModuleParameter } from '../module-file/parameter-type.ts';
import type { CauseCode } from './cause.ts';

/** Why the kernel does not take a value. */
export interface ValueFault {
  readonly cause: Extract<CauseCode, 'parameter-value' | 'parameter-range' | 'parameter-too-long'>;
  readonly errno: 'EINVAL' | 'ERANGE' | 'ENOSPC';
  /** A phrase. */
  readonly reason: string;
}

/** Lowest and highest value of the kernel's types of numbers. `long` and `ulong` are those of 64-bit machines. */
const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  byte: [0n, 255n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  ushort: [0n, 2n ** 16n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  uint: [0n, 2n ** 32n - 1n],
  hexint: [0n, 2n ** 32n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  ulong: [0n, 2n ** 64n - 1n],
  ullong: [0n, 2n ** 64n - 1n],
};
const LONGEST_TEXT = 1024;

/** Why a parameter does not take a value (null: a name without one); undefined when it does, or when nothing is known. */
export function valueFault({ type, array }: ModuleParameter, value: string | null): ValueFault | undefined {
  if (type === null) return undefined;
  if (value === null) {
    // An array has to have one, whatever it is of.
    const isOptional = !array && (type === 'bool' || type === 'invbool' || !isOfKernel(type));
    return isOptional ? undefined : { cause: 'parameter-value', errno: 'EINVAL', reason: 'it needs a value' };
  }
  // The first that does not fit decides. How many an array takes is not in the file.
  const values = array && type !== 'charp' ? value.split(',') : [value];
  for (const one of values) {
    const fault = elementFault(type, one);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isOfKernel(type: string): boolean {
  return Object.hasOwn(ranges, type) || ['charp', 'string', 'bint'].includes(type);
}

function elementFault(type: string, value: string): ValueFault | undefined {
  if (type === 'bool' || type === 'invbool' || type === 'bint')
    return /^(?:[yYtT1nNfF0]|[oO][nNfF])/.test(value)
      ? undefined
      : { cause: 'parameter-value', errno: 'EINVAL', reason: 'it takes y or n' };
  if (type === 'charp')
    return Buffer.byteLength(value) > LONGEST_TEXT
      ? { cause: 'parameter-too-long', errno: 'ENOSPC', reason: `it takes ${LONGEST_TEXT} bytes` }
      : undefined;
  const range = Object.hasOwn(ranges, type) ? ranges[type] : undefined;
  return range === undefined ? undefined : numberFault(type, value, range);
}

function numberFault(
  type: string,
  value: string,
  [lowest, highest]: readonly [bigint, bigint],
): ValueFault | undefined {
  const isSigned = lowest < 0n;
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)\n?$/.exec(value);
  const digits = match?.[2] ?? '';
  if (match === null || (match[1] === '-' && !isSigned))
    return { cause: 'parameter-value', errno: 'EINVAL', reason: `it takes a number (${type})` };
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const number = match[1] === '-' ? -magnitude : magnitude;
  if (number >= lowest && number <= highest) return undefined;
  return {
    cause: 'parameter-range',
    errno: 'ERANGE',
    reason: `it takes ${lowest} to ${highest} (${type})`,
  };
}
