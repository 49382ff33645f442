const MAX_OID_SIZE = 64;

/** An object identifier's dotted form; undefined for bytes that are none, or too many. */
export function dottedIdentifier(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_OID_SIZE) return undefined;
  const numbers: bigint[] = [];
  let value = 0n;
  let isFirst = true;
  for (const byte of bytes) {
    if (isFirst && byte === 0x80) return undefined;
    value = (value << 7n) | BigInt(byte & 0x7f);
    isFirst = (byte & 0x80) === 0;
    if (!isFirst) continue;
    numbers.push(value);
    value = 0n;
  }
  const [first, ...rest] = numbers;
  if (!isFirst || first === undefined) return undefined;
  // The first two numbers share one: 40 * a + b, where b is below 40 unless a is 2.
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - 40n * top, ...rest].join('.');
}

/** A digest, by the name that OpenSSL prints for it and by the one that `node:crypto` takes. */
export interface DigestName {
  readonly name: string;
  readonly crypto: string | null;
}

const digests: Readonly<Record<string, DigestName>> = {
  '1.2.840.113549.2.4': { name: 'md4', crypto: 'md4' },
  '1.2.840.113549.2.5': { name: 'md5', crypto: 'md5' },
  '1.3.14.3.2.26': { name: 'sha1', crypto: 'sha1' },
  '1.3.36.3.2.1': { name: 'ripemd160', crypto: 'ripemd160' },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', crypto: 'sha256' },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', crypto: 'sha384' },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', crypto: 'sha512' },
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', crypto: 'sha224' },
  '2.16.840.1.101.3.4.2.5': { name: 'sha512-224', crypto: 'sha512-224' },
  '2.16.840.1.101.3.4.2.6': { name: 'sha512-256', crypto: 'sha512-256' },
  '2.16.840.1.101.3.4.2.7': { name: 'sha3-224', crypto: 'sha3-224' },
  '2.16.840.1.101.3.4.2.8': { name: 'sha3-256', crypto: 'sha3-256' },
  '2.16.840.1.101.3.4.2.9': { name: 'sha3-384', crypto: 'sha3-384' },
  '2.16.840.1.101.3.4.2.10': { name: 'sha3-512', crypto: 'sha3-512' },
  '2.16.840.1.101.3.4.2.11': { name: 'shake128', crypto: null },
  '2.16.840.1.101.3.4.2.12': { name: 'shake256', crypto: null },
  '1.2.156.10197.1.401': { name: 'sm3', crypto: 'sm3' },
  '1.0.10118.3.0.55': { name: 'whirlpool', crypto: 'whirlpool' },
  '1.3.6.1.4.1.1722.12.2.1.16': { name: 'blake2b512', crypto: 'blake2b512' },
  '1.3.6.1.4.1.1722.12.2.2.8': { name: 'blake2s256', crypto: 'blake2s256' },
  '1.2.643.7.1.1.2.2': { name: 'GOST R 34.11-2012 with 256 bit hash', crypto: null },
  '1.2.643.7.1.1.2.3': { name: 'GOST R 34.11-2012 with 512 bit hash', crypto: null },
};

/** The digest of an identifier; an unknown one goes by its dotted form, as in OpenSSL. */
export function digestName(identifier: string): DigestName {
  return Object.hasOwn(digests, identifier)
    ? (digests[identifier] as DigestName)
    : { name: identifier, crypto: null };
}

/** A signature algorithm: OpenSSL's name for it, and how to verify it. */
export interface SignatureAlgorithm {
  readonly name: string;
  readonly scheme: 'rsa' | 'rsa-pss' | 'ecdsa' | null;
}

const signatureAlgorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.1': { name: 'rsaEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.4': { name: 'md5WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.5': { name: 'sha1WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.10': { name: 'rsassaPss', scheme: 'rsa-pss' },
  '1.2.840.113549.1.1.11': { name: 'sha256WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.12': { name: 'sha384WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.13': { name: 'sha512WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.113549.1.1.14': { name: 'sha224WithRSAEncryption', scheme: 'rsa' },
  '1.2.840.10045.2.1': { name: 'id-ecPublicKey', scheme: 'ecdsa' },
  '1.2.840.10045.4.1': { name: 'ecdsa-with-SHA1', scheme: 'ecdsa' },
  '1.2.840.10045.4.3.1': { name: 'ecdsa-with-SHA224', scheme: 'ecdsa' },
  '1.2.840.10045.4.3.2': { name: 'ecdsa-with-SHA256', scheme: 'ecdsa' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-with-SHA384', scheme: 'ecdsa' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-with-SHA512', scheme: 'ecdsa' },
  '2.16.840.1.101.3.4.3.9': { name: 'ecdsa_with_SHA3-224', scheme: 'ecdsa' },
  '2.16.840.1.101.3.4.3.10': { name: 'ecdsa_with_SHA3-256', scheme: 'ecdsa' },
  '2.16.840.1.101.3.4.3.11': { name: 'ecdsa_with_SHA3-384', scheme: 'ecdsa' },
  '2.16.840.1.101.3.4.3.12': { name: 'ecdsa_with_SHA3-512', scheme: 'ecdsa' },
  '2.16.840.1.101.3.4.3.13': { name: 'RSA-SHA3-224', scheme: 'rsa' },
  '2.16.840.1.101.3.4.3.14': { name: 'RSA-SHA3-256', scheme: 'rsa' },
  '2.16.840.1.101.3.4.3.15': { name: 'RSA-SHA3-384', scheme: 'rsa' },
  '2.16.840.1.101.3.4.3.16': { name: 'RSA-SHA3-512', scheme: 'rsa' },
  '2.16.840.1.101.3.4.3.17': { name: 'ML-DSA-44', scheme: null },
  '2.16.840.1.101.3.4.3.18': { name: 'ML-DSA-65', scheme: null },
  '2.16.840.1.101.3.4.3.19': { name: 'ML-DSA-87', scheme: null },
  '1.3.101.112': { name: 'ED25519', scheme: null },
  '1.3.101.113': { name: 'ED448', scheme: null },
};

/** The algorithm of an identifier; an unknown one goes by its dotted form and cannot be verified. */
export function signatureAlgorithm(identifier: string): SignatureAlgorithm {
  return Object.hasOwn(signatureAlgorithms, identifier)
    ? (signatureAlgorithms[identifier] as SignatureAlgorithm)
    : { name: identifier, scheme: null };
}
