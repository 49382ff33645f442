import type { ModinfoTarget } from '../api/modinfo-target.ts';
import type { ModinfoOfFile } from '../module-file/modinfo-file.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import { signatureEntries } from '../module-file/modinfo-signature.ts';

/**
 * A module in the form of `--records`: `key=value` with a NUL behind each, nothing merged, padded or broken into
 * lines, and an empty record at the end. One character for each byte.
 */
export function recordsText(
  { module, path }: ModinfoTarget,
  { entries, signature }: Pick<ModinfoOfFile, 'entries' | 'signature'>,
): string {
  const file = path === null ? '' : `filename=${bytesOfText(path)}\0`;
  let text = `module=${bytesOfText(module)}\0${file}`;
  for (const { key, value } of entries) text += `${key}=${value}\0`;
  for (const { key, value } of signatureEntries(signature, { unbroken: true })) text += `${key}=${value}\0`;
  return `${text}\0`;
}
