import { type ModinfoEntry, textOfBytes } from './modinfo-section.ts';
import type { ModuleSignature } from './module-signature.ts';

/** A module's signature as it can be told without keys; nothing is verified. */
export interface SignatureInformation {
  /** Its form; `corrupt` and `truncated` for an end of file that looks like a signature and is none. */
  readonly kind: Exclude<ModuleSignature['kind'], 'none'>;
  /** Common name of the one who issued the signer's certificate. */
  readonly signer: string | null;
  /** Number that the signer's certificate is known by, in lower-case hexadecimal digits. */
  readonly key: string | null;
  readonly keyKind: ModuleSignature['keyKind'];
  /** For example `sha256`. */
  readonly hashAlgorithm: string | null;
  /** For example `rsaEncryption`. */
  readonly signatureAlgorithm: string | null;
  /** The signature itself in lower-case hexadecimal digits. */
  readonly value: string | null;
  /** What is wrong with it; null for a sound one. */
  readonly problem: string | null;
  /** The signature that the signed content ends with in turn. */
  readonly inner: SignatureInformation | null;
}

/** How the bytes of a signature are written. */
export interface HexForm {
  /** All on one line; otherwise 20 on each, as modinfo has them. Default false. */
  readonly unbroken?: boolean;
}

const BYTES_PER_LINE = 20;
const LINE_BREAK = Buffer.from('\n\t\t', 'latin1');

/** A signature with types. Null when the module has none. */
export function summarizeSignature(
  signature: ModuleSignature | undefined | null,
): SignatureInformation | null {
  if (signature === undefined || signature === null || signature.kind === 'none') return null;
  return {
    kind: signature.kind,
    signer: textOrNull(textOfBytes(signature.signer)),
    key: textOrNull(signature.key.toString('hex')),
    keyKind: signature.keyKind,
    hashAlgorithm: textOrNull(signature.hashAlgorithm),
    signatureAlgorithm: textOrNull(signature.signatureAlgorithm),
    value: textOrNull(signature.signature.toString('hex')),
    problem: signature.problem,
    inner: summarizeSignature(signature.inner),
  };
}

const keys: ReadonlySet<string> = new Set(['sig_id', 'signer', 'sig_key', 'sig_hashalgo', 'signature']);

/** Whether a field is one that modinfo makes of a signature. */
export function isSignatureKey(key: string): boolean {
  return keys.has(key);
}

/** The entries that modinfo makes of a signature, in kmod's order. None for what kmod takes for unsigned. */
export function signatureEntries(
  signature: ModuleSignature | undefined,
  form: HexForm = {},
): readonly ModinfoEntry[] {
  if (signature === undefined || signature.id === '') return [];
  return [
    { key: 'sig_id', value: signature.id },
    { key: 'signer', value: signature.signer },
    { key: 'sig_key', value: hexText(signature.key, form) },
    { key: 'sig_hashalgo', value: signature.hashAlgorithm },
    { key: 'signature', value: hexText(signature.signature, form) },
  ];
}

const DIGITS = Buffer.from('0123456789ABCDEF', 'latin1');
const COLON = 0x3a;

// In bytes: with strings for the pairs this would be the larger part of the work for a tree of signed modules.
function hexText(bytes: Buffer, { unbroken = false }: HexForm): string {
  const text = Buffer.allocUnsafe(bytes.length * (3 + LINE_BREAK.length));
  let end = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (index > 0) text[end++] = COLON;
    if (index > 0 && !unbroken && index % BYTES_PER_LINE === 0) end += LINE_BREAK.copy(text, end);
    const byte = bytes[index] ?? 0;
    text[end++] = DIGITS[byte >> 4] ?? 0;
    text[end++] = DIGITS[byte & 15] ?? 0;
  }
  return text.toString('latin1', 0, end);
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}
