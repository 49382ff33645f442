/** What the kernel's `sign-file` puts behind a module: signer, key, signature, twelve bytes about them, these words. */
const MAGIC = Buffer.from('~Module signature appended~\n', 'latin1');
const STRUCT_SIZE = 12;
const TRAILER_SIZE = STRUCT_SIZE + MAGIC.length;
/** A cut end is recognised by as many bytes of the words as this. */
const SHORTEST_REMNANT = 7;

const [ALGORITHMS, HASHES, ID_TYPES] = [2, 9, 3];

/** The end of a signed file, taken apart. */
export interface SignatureTrailer {
  /** `sig_id`: 0 PGP, 1 X509, 2 PKCS#7. */
  readonly idType: 0 | 1 | 2;
  readonly algorithm: number;
  readonly hash: number;
  readonly signer: Buffer;
  readonly keyId: Buffer;
  readonly signature: Buffer;
  /** Length of what stands before all this, in bytes: the module itself. */
  readonly contentLength: number;
}

/** A file that ends like a signed one and cannot be read so. */
export interface TrailerProblem {
  readonly kind: 'corrupt' | 'truncated';
  readonly problem: string;
}

/**
 * Takes the end of a file apart; undefined when nothing speaks of a signature. The limits are kmod's: what kmod calls
 * unsigned is a problem here.
 *
 * @param end the file, or its last bytes if they contain the signature
 */
export function readTrailer(end: Buffer): SignatureTrailer | TrailerProblem | undefined {
  if (end.length < MAGIC.length || !end.subarray(-MAGIC.length).equals(MAGIC)) return findRemnant(end);
  if (end.length < TRAILER_SIZE)
    return { kind: 'truncated', problem: 'the file has nothing before the words that end a signature' };
  const at = end.length - TRAILER_SIZE;
  const [algorithm = 0, hash = 0, idType = 0, signerLength = 0, keyIdLength = 0] = end.subarray(at);
  const signatureLength = end.readUInt32BE(at + 8);
  if (algorithm >= ALGORITHMS) return corrupt(`the signature's algorithm is ${algorithm}, which nothing has`);
  if (hash >= HASHES) return corrupt(`the signature's hash is ${hash}, which nothing has`);
  if (idType >= ID_TYPES) return corrupt(`the signature's type is ${idType}, which nothing has`);
  if (signatureLength === 0) return corrupt('the signature has no bytes');
  const length = signatureLength + signerLength + keyIdLength;
  if (length > at)
    return {
      kind: 'truncated',
      problem: `the signature is said to have ${length} bytes, and only ${at} precede its end`,
    };
  const keyIdAt = at - signatureLength - keyIdLength;
  return {
    idType: idType as 0 | 1 | 2,
    algorithm,
    hash,
    signer: end.subarray(keyIdAt - signerLength, keyIdAt),
    keyId: end.subarray(keyIdAt, at - signatureLength),
    signature: end.subarray(at - signatureLength, at),
    contentLength: at - length,
  };
}

function corrupt(problem: string): TrailerProblem {
  return { kind: 'corrupt', problem };
}

// The kernel wants the words as the very last bytes of a file. A file that was cut, or that something was added to, it
// takes for unsigned.
function findRemnant(end: Buffer): TrailerProblem | undefined {
  for (let length = MAGIC.length - 1; length >= SHORTEST_REMNANT; length--)
    if (end.subarray(-length).equals(MAGIC.subarray(0, length)))
      return {
        kind: 'truncated',
        problem: `the file is cut: of the words that end a signature the last ${MAGIC.length - length} bytes are missing`,
      };
  const before = end.subarray(-MAX_ADDITION).lastIndexOf(MAGIC);
  if (before === -1) return undefined;
  const added = Math.min(end.length, MAX_ADDITION) - before - MAGIC.length;
  return corrupt(
    `${added} bytes follow the words that have to end the file, so the kernel sees no signature`,
  );
}

/** How far from the end the words are looked for. */
const MAX_ADDITION = 4096;
