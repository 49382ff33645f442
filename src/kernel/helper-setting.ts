/** What the kernel says of the programs that it starts by itself. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { byteText, textBytes } from '../native/byte-text.ts';
import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';
import { CAP_SYS_MODULE } from './security-state.ts';

const PATH = 'proc/sys/kernel/modprobe';

/** Longest path that the kernel takes, in bytes (KMOD_PATH_LEN less the NUL). */
export const LONGEST_HELPER_PATH = 255;

/** The program that the kernel starts to have a module loaded; empty for none. Undefined on a kernel without modules. */
export function readHelperPath(location: KernelLocation = {}): string | undefined {
  const text = readKernelText(kernelPath(location, PATH))?.text.replace(/\n$/, '');
  return text === undefined ? undefined : byteText(Buffer.from(text, 'latin1'));
}

/**
 * Sets the program that the kernel starts to have a module loaded; empty for none.
 *
 * @throws Error of node:fs without the right to
 */
export function writeHelperPath(path: string, location: KernelLocation = {}): void {
  writeFileSync(kernelPath(location, PATH), textBytes(`${path}\n`));
}

/** The program that a kernel starts to have a module loaded as long as nothing else is set. */
export function usualHelperPath(release: string, location: KernelLocation = {}): string {
  const text = kernelConfiguration(release, location) ?? '';
  return /^CONFIG_MODPROBE_PATH="(.*)"$/m.exec(text)?.[1] ?? '/sbin/modprobe';
}

/**
 * Whether the kernel leaves its helpers the capability to load modules (sysctl kernel.usermodehelper.bset); true where
 * that is not known: only root may read it.
 */
export function helpersMayLoad(location: KernelLocation = {}): boolean {
  let text: string | undefined;
  try {
    text = readKernelText(kernelPath(location, 'proc/sys/kernel/usermodehelper/bset'))?.text;
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
  return text === undefined || (Number.parseInt(text, 10) & (1 << CAP_SYS_MODULE)) !== 0;
}

/**
 * The one program that a kernel with CONFIG_STATIC_USERMODEHELPER starts, whatever is set; empty: none at all. Null on
 * other kernels, undefined where the kernel's configuration is not to be found.
 */
export function staticHelper(release: string, location: KernelLocation = {}): string | null | undefined {
  const text = kernelConfiguration(release, location);
  if (text === undefined) return undefined;
  if (!/^CONFIG_STATIC_USERMODEHELPER=y$/m.test(text)) return null;
  return /^CONFIG_STATIC_USERMODEHELPER_PATH="(.*)"$/m.exec(text)?.[1] ?? '';
}

function kernelConfiguration(release: string, location: KernelLocation): string | undefined {
  const packed = kernelPath(location, 'proc/config.gz');
  try {
    if (existsSync(packed)) return gunzipSync(readFileSync(packed)).toString('latin1');
  } catch {
    // Then the files of distributions.
  }
  for (const file of [
    `boot/config-${release}`,
    `lib/modules/${release}/config`,
    `usr/lib/kernel/config-${release}`,
  ])
    try {
      return readFileSync(kernelPath(location, file), 'latin1');
    } catch {
      // Then the next.
    }
  return undefined;
}
