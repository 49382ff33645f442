import { requestNameFault } from './request-name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** All that the kernel puts into the environment of its helper (kernel/module/kmod.c), since Linux 2.4. */
export const kernelEnvironment: Readonly<Record<string, string>> = {
  HOME: '/',
  TERM: 'linux',
  PATH: '/sbin:/usr/sbin:/bin:/usr/bin',
};

/** The option that says the same as the kernel's environment. */
export const SAFE = '--safe';

/** What kernels put before the `--`: `-q` since Linux 2.6, `-s -k` in 2.4. */
const kernelOptions: ReadonlySet<string> = new Set(['-q', '-s', '-k']);

/** A request for a module by the kernel, taken from modprobe's command line. */
export interface KernelRequest {
  readonly name: string;
  /** The words before the name: the helper's own options, and `--`. */
  readonly options: readonly string[];
  /** Why it is not answered; undefined when it is in order. */
  readonly fault: string | undefined;
}

/**
 * Whether a command line is a request by the kernel, and which: `-q -- NAME`, with an environment that has nothing but the
 * kernel's three variables, or with the option `--safe` in front (for a helper that is started in another way). That is how
 * modprobe of Linux 2.4 told its safe mode, and kernels have kept the three variables.
 *
 * Undefined when it is not, and with `--compat=kmod`: kmod has no safe mode. A person who empties the environment and writes `--` gets the same treatment, which refuses no
 * name that a module or an alias can have.
 */
export function kernelRequest(argv: readonly string[], env: Environment): KernelRequest | undefined {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  if (own.includes('--compat=kmod')) return undefined;
  // Whoever installs a launcher asks it for its version first.
  if (end === -1 && own.at(-1) === '--version') return undefined;
  const isMarked = own.includes(SAFE);
  const isKernels = end === argv.length - 2 && own.every((word) => kernelOptions.has(word));
  if (!isMarked && !(isKernels && isKernelEnvironment(env))) return undefined;
  const name = argv.at(-1) ?? '';
  const options = isMarked ? argv.slice(0, -1) : [SAFE, ...argv.slice(0, -1)];
  if (end === -1 || end !== argv.length - 2)
    return { name: end === -1 ? '' : name, options, fault: 'a request is one name behind --' };
  return { name, options, fault: requestNameFault(name) };
}

function isKernelEnvironment(env: Environment): boolean {
  return Object.entries(env).every(
    ([name, value]) =>
      value === undefined || (Object.hasOwn(kernelEnvironment, name) && kernelEnvironment[name] === value),
  );
}
