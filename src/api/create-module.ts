import { requireInteger, requireOptions, requireString } from '../errors/argument.ts';
import { errnoNumber } from '../errors/errno.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import { type KernelLocation, kernelPath, readKernelText } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { MOD_MAX_NAME, MOD_UNINITIALIZED } from '../kernel/old-calls/module-constants.ts';
import { hasLoadCapability, isLoadingDisabled } from '../kernel/security-state.ts';
import { type ObsoleteCalls, obsoleteCalls } from '../native/obsolete-calls.ts';
import { type AnswerSource, answerOfKernel } from './old-call.ts';

/** The answer of {@link createModule}. */
export interface CreatedModule {
  readonly source: AnswerSource;
  readonly name: string;
  /** Address of the memory in the kernel. Null when emulated: today's kernels give out no memory before a load. */
  readonly address: bigint | null;
  /** Memory that the call sets aside, in bytes: whole pages, for the size and the use count in front of it. */
  readonly size: number;
  /** `MOD_UNINITIALIZED`. */
  readonly state: number;
  /** Gives an emulated reservation back. A real one ends with `deleteModule`. */
  readonly release: () => void;
}

const PAGE = 4096;
const USE_COUNT = 4;

const reserved = new Map<string, object>();

/**
 * create_module(2): the first half of loading a module up to Linux 2.4. Asks the call itself. Where the kernel has none
 * (since 2.6, whose init_module(2) does all) the answer is a reservation in this process only: the checks are those of 1995,
 * the name is taken until `release()`, and no memory is set aside, so that there is no address.
 *
 * @param name at most 63 bytes; today's kernels take 55 (59 with 32 bits)
 * @param size of the code, in bytes
 * @param options `root`: folder that holds the `proc` and `sys` to read, default `/`
 * @throws TypeError, RangeError; ModuleSystemError `EPERM` without CAP_SYS_MODULE or with modules_disabled, `EINVAL` for an
 *   empty name or size 0, `E2BIG` for a name that is too long, `EEXIST` for one that is loaded or reserved
 */
export function createModule(
  name: string,
  size: number,
  options: KernelLocation = {},
  calls: Pick<ObsoleteCalls, 'createModule'> = obsoleteCalls,
): CreatedModule {
  requireString('name', name);
  requireInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
  requireOptions('options', options, { root: 'string' });
  const facts = { name, size: Math.ceil((size + USE_COUNT) / PAGE) * PAGE, state: MOD_UNINITIALIZED };
  const address = answerOfKernel(options, () => calls.createModule(name, size), true);
  if (address !== undefined) return { source: 'kernel', ...facts, address, release: () => undefined };
  refuseAsThen(name, size, options);
  // Each call has its own, for who gives one back twice must not end that of another.
  const reservation = {};
  reserved.set(name, reservation);
  const release = (): void => {
    if (reserved.get(name) === reservation) reserved.delete(name);
  };
  return { source: 'emulated', ...facts, address: null, release };
}

function refuseAsThen(name: string, size: number, location: KernelLocation): void {
  const reason = obstacle(name, size, location);
  if (reason === undefined) return;
  const [code, hint] = reason;
  throw new ModuleSystemError({
    syscall: 'create_module',
    result: -(errnoNumber(code) ?? 0),
    module: name === '' ? undefined : name,
    hint,
  });
}

function obstacle(
  name: string,
  size: number,
  location: KernelLocation,
): readonly [code: string, hint: string] | undefined {
  if (!mayLoad(location)) return ['EPERM', 'CAP_SYS_MODULE is needed'];
  if (isLoadingDisabled(location)) return ['EPERM', 'kernel.modules_disabled is 1 until the next boot'];
  if (name === '') return ['EINVAL', 'a module needs a name'];
  if (size === 0) return ['EINVAL', 'a module needs a size'];
  if (Buffer.byteLength(name) >= MOD_MAX_NAME)
    return ['E2BIG', `names have at most ${MOD_MAX_NAME - 1} bytes`];
  if (reserved.has(name)) return ['EEXIST', 'this process has reserved it already'];
  if (moduleState(name, location) !== undefined) return ['EEXIST', 'it is loaded'];
  return undefined;
}

/** Whether this process has the capability that all of these calls ask for. */
function mayLoad(location: KernelLocation): boolean {
  const status = readKernelText(kernelPath(location, 'proc/self/status'))?.text ?? '';
  return hasLoadCapability(status) === true;
}
