import { Asn1Error } from './asn1-reader.ts';
import { digestName, signatureAlgorithm } from './object-identifier.ts';
import { findSignatureRemnant } from './signature-remnant.ts';
import { readTrailer, type SignatureTrailer, type TrailerProblem } from './signature-trailer.ts';
import { readSignedData, type SignerInfo } from './signed-data.ts';

/** A module's signature, as far as it can be read. Nothing here is verified: see `verifyModule`. */
export interface ModuleSignature {
  /**
   * `none`: the file is not signed. `pkcs7`, `pgp`, `x509`: it is, in that form. `corrupt` and `truncated`: it ends
   * like a signed file, and {@link problem} says why it is not one; the kernel takes it for unsigned or refuses it.
   */
  readonly kind: 'none' | 'pkcs7' | 'pgp' | 'x509' | 'corrupt' | 'truncated';
  /** modinfo's `sig_id`: `PKCS#7`, `PGP` or `X509`; empty where there is no signature that can be read. */
  readonly id: string;
  /** Common name of the signer's issuer, one character for each byte; empty when the signature does not name one. */
  readonly signer: string;
  /** The number that the signer's certificate is known by: without sign byte, empty when there is none. */
  readonly key: Buffer;
  /** What {@link key} is. Older forms have a key identifier too. */
  readonly keyKind: 'serial' | 'key-identifier' | null;
  /** modinfo's `sig_hashalgo`, for example `sha256`; empty where it cannot be read. */
  readonly hashAlgorithm: string;
  /** For example `rsaEncryption` or `ecdsa-with-SHA384`; empty where it cannot be read. */
  readonly signatureAlgorithm: string;
  /** The signature itself. */
  readonly signature: Buffer;
  /** Signatures over the same content; more than 1 only in PKCS#7. The other fields are those of the first. */
  readonly signerCount: number;
  /** Length of what is signed, in bytes from the start of what was read. */
  readonly contentLength: number;
  /** What is wrong with the signature; null for a sound one or none. */
  readonly problem: string | null;
  /** The signature that the signed content itself ends with: somebody has signed a signed module. Null for none. */
  readonly inner: ModuleSignature | null;
}

const NOTHING = Buffer.alloc(0);
const ids = ['PGP', 'X509', 'PKCS#7'] as const;
const hashes = ['md4', 'md5', 'sha1', 'rmd160', 'sha256', 'sha384', 'sha512', 'sha224', 'sm3'] as const;
const legacyAlgorithms = ['DSA', 'RSA'] as const;
/** Signatures in signatures that are looked for. */
const MAX_DEPTH = 4;

/** A signature with the parsed signers behind it. */
export interface SignedModule {
  readonly signature: ModuleSignature;
  /** Of a PKCS#7 message that can be read; otherwise empty. */
  readonly signers: readonly SignerInfo[];
  /** What the signed content itself is signed with; null when it is not. */
  readonly inner: SignedModule | null;
}

/**
 * Reads the signature at the end of an unpacked module. Never throws.
 *
 * @param bytes the file, or its end if that contains the signature
 */
export function readSignature(bytes: Buffer): ModuleSignature {
  return readSignedModule(bytes).signature;
}

/** {@link readSignature} with what a verification needs. */
export function readSignedModule(bytes: Buffer, depth = 1): SignedModule {
  const trailer = readTrailer(bytes) ?? remnantOf(bytes);
  if (trailer === undefined || 'problem' in trailer)
    return { signature: { ...empty, ...trailer, contentLength: bytes.length }, signers: [], inner: null };
  const { contentLength, idType } = trailer;
  const before = depth === MAX_DEPTH ? null : readSignedModule(bytes.subarray(0, contentLength), depth + 1);
  const inner = before === null || before.signature.kind === 'none' ? null : before;
  const { facts, signers } = idType === 2 ? readPkcs7(trailer) : { facts: readLegacy(trailer), signers: [] };
  const common = { id: ids[idType], contentLength, inner: inner?.signature ?? null };
  return { signature: { ...empty, ...common, ...facts }, signers, inner };
}

function remnantOf(bytes: Buffer): TrailerProblem | undefined {
  const problem = findSignatureRemnant(bytes);
  return problem === undefined ? undefined : { kind: 'truncated', problem };
}

const empty: ModuleSignature = {
  kind: 'none',
  id: '',
  signer: '',
  key: NOTHING,
  keyKind: null,
  hashAlgorithm: '',
  signatureAlgorithm: '',
  signature: NOTHING,
  signerCount: 0,
  contentLength: 0,
  problem: null,
  inner: null,
};

function readLegacy(trailer: SignatureTrailer): Partial<ModuleSignature> {
  return {
    kind: trailer.idType === 0 ? 'pgp' : 'x509',
    signer: trailer.signer.toString('latin1'),
    key: trailer.keyId,
    keyKind: 'key-identifier',
    hashAlgorithm: hashes[trailer.hash] ?? 'unknown',
    signatureAlgorithm: legacyAlgorithms[trailer.algorithm] ?? '',
    signature: trailer.signature,
    signerCount: 1,
  };
}

function readPkcs7(trailer: SignatureTrailer): {
  facts: Partial<ModuleSignature>;
  signers: readonly SignerInfo[];
} {
  const message = trailer.signature;
  const unreadable = { kind: 'pkcs7', id: '' } as const;
  let signers: readonly SignerInfo[];
  try {
    signers = readSignedData(message);
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error;
    const reason = error.isTruncated ? 'is cut or damaged' : 'cannot be read';
    const problem = `the PKCS#7 message of ${message.length} bytes ${reason}: ${error.message}`;
    return { facts: { ...unreadable, problem }, signers: [] };
  }
  const [first] = signers;
  if (first === undefined)
    return { facts: { ...unreadable, problem: 'the PKCS#7 message has no signer' }, signers };
  const { certificate, subjectKeyIdentifier } = first;
  const facts = {
    kind: 'pkcs7',
    signer: certificate?.issuerName ?? '',
    key: asBuffer(certificate === undefined ? subjectKeyIdentifier : withoutSign(certificate.serial)),
    keyKind: certificate === undefined ? 'key-identifier' : 'serial',
    hashAlgorithm: digestName(first.digestAlgorithm).name,
    signatureAlgorithm: signatureAlgorithm(first.signatureAlgorithm).name,
    signature: asBuffer(first.signature),
    signerCount: signers.length,
    problem: strayFields(trailer),
  } as const;
  return { facts, signers };
}

function strayFields({ algorithm, hash, signer, keyId }: SignatureTrailer): string | null {
  if (algorithm === 0 && hash === 0 && signer.length === 0 && keyId.length === 0) return null;
  return 'fields are set that a PKCS#7 signature leaves at zero, which the kernel refuses';
}

// A positive number whose highest bit is set has a zero byte before it.
function withoutSign(serial: Uint8Array): Uint8Array {
  let start = 0;
  while (start < serial.length && serial[start] === 0) start++;
  return serial.subarray(start);
}

function asBuffer(bytes: Uint8Array | undefined): Buffer {
  return bytes === undefined ? NOTHING : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
