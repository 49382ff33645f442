import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';

/**
 * What the asymmetric keys of the kernel are for, as /proc/keys describes them: the name in the certificate and an identifier
 * of the key. Which keyring has a key it does not say. Null where none can be seen: only root sees those of the kernel.
 */
export function asymmetricKeys(location: KernelLocation = {}): readonly string[] | null {
  let text: string;
  try {
    text = readKernelText(kernelPath(location, 'proc/keys'))?.text ?? '';
  } catch {
    return null;
  }
  const keys = text.split('\n').flatMap((line) => /\basymmetri\w*\s+(.*): X509\./.exec(line)?.[1] ?? []);
  return keys.length === 0 ? null : keys;
}
