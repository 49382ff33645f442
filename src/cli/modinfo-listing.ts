import type { ModinfoTarget } from '../api/modinfo-target.ts';
import type { ModinfoOfFile } from '../module-file/modinfo-file.ts';
import { bytesOfText, type ModinfoEntry } from '../module-file/modinfo-section.ts';
import { isParameterKey, listParameters, type ParameterText } from '../module-file/parameter-list.ts';
import { isSignatureKey, signatureEntries } from '../module-file/modinfo-signature.ts';

/** How the text form is wanted. */
export interface ListingForm {
  /** The one field to show. */
  readonly field: string | undefined;
  readonly separator: '\n' | '\0';
}

/** Text of a module's content, and what is to be complained of. */
export interface Listing {
  /** One character for each byte. */
  readonly text: string;
  /** `parm` and `parmtype` entries without a colon. */
  readonly malformed: readonly ModinfoEntry[];
}

/** Column in which values begin. */
const COLUMN = 16;

/** What is shown before the module is read: where it is. */
export function listingHead({ module, path }: ModinfoTarget, { field, separator }: ListingForm): string {
  const filename = path === null ? '(builtin)' : bytesOfText(path);
  if (field === 'filename') return filename + separator;
  const name = bytesOfText(module);
  // For a builtin kmod takes the name for a field of its own.
  if (field !== undefined) return path === null && field === 'name' ? name + separator : '';
  const first = path === null ? labelled('name', name) + separator : '';
  return `${first}${labelled('filename', filename)}${separator}`;
}

/** What a module says of itself, as kmod's modinfo prints it. */
export function listingBody(
  modinfo: Pick<ModinfoOfFile, 'entries' | 'signature'>,
  { field, separator }: ListingForm,
): Listing {
  const { entries } = modinfo;
  if (field === 'parm') {
    const { parameters, malformed } = listParameters(entries);
    return { text: parameters.map((parameter) => fieldParameter(parameter) + separator).join(''), malformed };
  }
  if (field !== undefined) {
    const all = isSignatureKey(field) ? [...entries, ...signatureEntries(modinfo.signature)] : entries;
    const values = all.filter(({ key }) => key === field).map(({ value }) => value + separator);
    return { text: values.join(''), malformed: [] };
  }
  let text = '';
  for (const { key, value } of [...entries, ...signatureEntries(modinfo.signature)])
    if (!isParameterKey(key))
      text += (separator === '\0' ? `${key}=${value}` : labelled(key, value)) + separator;
  const { parameters, malformed } = listParameters(entries);
  for (const parameter of parameters) text += labelled('parm', listedParameter(parameter)) + separator;
  return { text, malformed };
}

function labelled(key: string, value: string): string {
  return `${`${key}:`.padEnd(COLUMN)}${value}`;
}

function listedParameter({ name, description, type }: ParameterText): string {
  if (description === undefined) return `${name}:${type}`;
  return type === undefined ? `${name}:${description}` : `${name}:${description} (${type})`;
}

function fieldParameter(parameter: ParameterText): string {
  const { name, description, type } = parameter;
  return description === undefined ? `${name}: (${type})` : listedParameter(parameter);
}
