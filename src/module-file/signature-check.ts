import type * as Crypto from 'node:crypto';
import type { X509Certificate } from 'node:crypto';

import { Asn1Error, Asn1Reader, TAG } from './asn1-reader.ts';
import { digestName, type SignatureAlgorithm, signatureAlgorithm } from './object-identifier.ts';
import { readIdentifier, type SignerInfo } from './signed-data.ts';

/** To load it takes longer than most runs of a tool. */
const crypto = (): typeof Crypto => process.getBuiltinModule('node:crypto');

const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

/** What a check of one signature came to; `reason` is a sentence without its stop. */
export interface SignatureFinding {
  readonly verdict: 'valid' | 'bad-signature' | 'digest-mismatch' | 'corrupt' | 'unsupported';
  readonly reason: string;
}

const keyTypes: Readonly<Record<NonNullable<SignatureAlgorithm['scheme']>, readonly string[]>> = {
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
};

/** Checks one signature over `content` with the public key of `certificate`. */
export function checkSignature(
  signer: SignerInfo,
  content: Uint8Array,
  certificate: X509Certificate,
): SignatureFinding {
  const digest = digestName(signer.digestAlgorithm);
  const algorithm = signatureAlgorithm(signer.signatureAlgorithm);
  const { scheme } = algorithm;
  if (scheme === null) return unsupported(`the signature algorithm ${algorithm.name} is not known here`);
  if (digest.crypto === null) return unsupported(`the digest ${digest.name} is not known here`);
  const keyType = certificate.publicKey.asymmetricKeyType ?? 'unknown';
  if (!keyTypes[scheme].includes(keyType))
    return {
      verdict: 'bad-signature',
      reason: `the signature is of the kind ${algorithm.name} and the certificate has a key of the kind ${keyType}`,
    };
  try {
    return checkWithKey(signer, content, certificate, { digest: digest.crypto, scheme });
  } catch (error) {
    if (error instanceof Asn1Error)
      return { verdict: 'corrupt', reason: `the signed attributes cannot be read: ${error.message}` };
    // What OpenSSL refuses to compute: digests that it was built without, keys that are too short for it.
    return unsupported(
      `OpenSSL does not verify it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function unsupported(reason: string): SignatureFinding {
  return { verdict: 'unsupported', reason };
}

interface Method {
  readonly digest: string;
  readonly scheme: NonNullable<SignatureAlgorithm['scheme']>;
}

function checkWithKey(
  signer: SignerInfo,
  content: Uint8Array,
  certificate: X509Certificate,
  method: Method,
): SignatureFinding {
  const attributes = signer.signedAttributes;
  if (attributes === undefined) {
    if (isSignatureOf(content, signer, certificate, method))
      return { verdict: 'valid', reason: 'the signature is that of the content' };
    return explainMismatch(signer, content, certificate, method);
  }
  const stated = statedDigest(attributes);
  // In the message the attributes have a tag of their own; signed is the set that they are.
  const signedBytes = Buffer.from(attributes);
  signedBytes[0] = TAG.set;
  if (!isSignatureOf(signedBytes, signer, certificate, method))
    return { verdict: 'bad-signature', reason: 'the signature is not that of the signed attributes' };
  if (isDigestOf(content, method.digest, stated))
    return {
      verdict: 'valid',
      reason: 'the signature is that of the attributes, and their digest is that of the content',
    };
  return {
    verdict: 'digest-mismatch',
    reason: 'the signature is genuine, and the content is not what was signed: it was changed afterwards',
  };
}

function isSignatureOf(
  data: Uint8Array,
  { signature }: SignerInfo,
  { publicKey }: X509Certificate,
  { digest, scheme }: Method,
): boolean {
  const { constants, verify } = crypto();
  if (scheme !== 'rsa-pss') return verify(digest, data, publicKey, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_AUTO;
  return verify(digest, data, { key: publicKey, padding, saltLength }, signature);
}

function isDigestOf(content: Uint8Array, digest: string, stated: Uint8Array): boolean {
  return crypto().createHash(digest).update(content).digest().equals(stated);
}

// An RSA signature contains the digest of what was signed, so a changed content can be told from a wrong signature.
function explainMismatch(
  { signature }: SignerInfo,
  content: Uint8Array,
  { publicKey }: X509Certificate,
  { digest, scheme }: Method,
): SignatureFinding {
  if (scheme === 'rsa') {
    const { constants, publicDecrypt } = crypto();
    let signedDigest: Uint8Array | undefined;
    try {
      const info = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
      const reader = new Asn1Reader(info);
      const inner = reader.inside(reader.expect(TAG.sequence, 'the digest'));
      inner.expect(TAG.sequence, 'the algorithm');
      signedDigest = inner.content(inner.expect(TAG.octetString, 'the digest'));
    } catch {
      return {
        verdict: 'bad-signature',
        reason: 'the signature was not made with the key of the certificate',
      };
    }
    if (!isDigestOf(content, digest, signedDigest))
      return {
        verdict: 'digest-mismatch',
        reason: 'the signature is genuine, and the content is not what was signed: it was changed afterwards',
      };
  }
  return {
    verdict: 'bad-signature',
    reason: 'the signature does not fit: content or signature were changed, or another key made it',
  };
}

function statedDigest(attributes: Uint8Array): Uint8Array {
  const outer = new Asn1Reader(attributes);
  const list = outer.inside(outer.expect(TAG.constructed0, 'the attributes'));
  while (!list.isAtEnd) {
    const attribute = list.inside(list.expect(TAG.sequence, 'an attribute'));
    if (readIdentifier(attribute, 'the type of an attribute') !== MESSAGE_DIGEST) continue;
    const values = attribute.inside(attribute.expect(TAG.set, 'the values of an attribute'));
    return values.content(values.expect(TAG.octetString, 'the digest'));
  }
  throw new Asn1Error(0, 'there is no digest of the content among them');
}
