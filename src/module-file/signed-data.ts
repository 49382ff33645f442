import { Asn1Error, type Asn1Element, Asn1Reader, TAG } from './asn1-reader.ts';
import { dottedIdentifier } from './object-identifier.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const COMMON_NAME = '2.5.4.3';
const MAX_SIGNERS = 64;

/** One signature of a PKCS#7 (CMS) message. Byte arrays are views of the message. */
export interface SignerInfo {
  /** The signer's certificate by its issuer and serial number; undefined when it goes by a key identifier. */
  readonly certificate:
    { readonly issuer: Uint8Array; readonly issuerName: string; readonly serial: Uint8Array } | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  /** Dotted identifiers. */
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  /** The signed attributes as they stand, tag and length included; undefined when the content itself is signed. */
  readonly signedAttributes: Uint8Array | undefined;
  readonly signature: Uint8Array;
}

/**
 * Reads a PKCS#7 message with signatures over something that is not in it, as `sign-file` of the kernel writes it. DER
 * only.
 *
 * @throws Asn1Error
 */
export function readSignedData(bytes: Uint8Array): readonly SignerInfo[] {
  const outer = new Asn1Reader(bytes);
  const message = outer.inside(outer.expect(TAG.sequence, 'the message'));
  outer.expectEnd('the message');
  const type = readIdentifier(message, 'the content type');
  if (type !== SIGNED_DATA)
    throw new Asn1Error(0, `the message has the type ${type}, not ${SIGNED_DATA} (signed data)`);
  const wrapper = message.inside(message.expect(TAG.constructed0, 'the signed data'));
  const data = wrapper.inside(wrapper.expect(TAG.sequence, 'the signed data'));
  data.expect(TAG.integer, 'the version');
  data.expect(TAG.set, 'the set of digest algorithms');
  data.expect(TAG.sequence, 'the description of the content');
  // Certificates and revocation lists, which nobody needs to send along.
  data.take(TAG.constructed0);
  data.take(TAG.constructed1);
  const set = data.inside(data.expect(TAG.set, 'the set of signers'));
  data.expectEnd('the set of signers');
  const signers: SignerInfo[] = [];
  while (!set.isAtEnd) {
    if (signers.length === MAX_SIGNERS) throw new Asn1Error(0, `there are more than ${MAX_SIGNERS} signers`);
    signers.push(readSigner(set));
  }
  return signers;
}

function readSigner(set: Asn1Reader): SignerInfo {
  const signer = set.inside(set.expect(TAG.sequence, 'a signer'));
  signer.expect(TAG.integer, "the signer's version");
  let certificate: SignerInfo['certificate'];
  let subjectKeyIdentifier: Uint8Array | undefined;
  if (signer.nextTag === TAG.context0) subjectKeyIdentifier = signer.content(signer.next());
  else {
    const name = signer.inside(signer.expect(TAG.sequence, "the signer's name"));
    const issuer = name.expect(TAG.sequence, 'the issuer');
    const serial = name.expect(TAG.integer, 'the serial number');
    certificate = {
      issuer: name.whole(issuer),
      issuerName: readCommonName(name.inside(issuer)),
      serial: name.content(serial),
    };
  }
  const digestAlgorithm = readAlgorithm(signer, 'the digest algorithm');
  const attributes = signer.take(TAG.constructed0);
  const signatureAlgorithm = readAlgorithm(signer, 'the signature algorithm');
  const signature = signer.expect(TAG.octetString, 'the signature');
  signer.take(TAG.constructed1);
  signer.expectEnd('the signature');
  return {
    certificate,
    subjectKeyIdentifier,
    digestAlgorithm,
    signatureAlgorithm,
    signedAttributes: attributes === undefined ? undefined : signer.whole(attributes),
    signature: signer.content(signature),
  };
}

/** Of a name the first common name, or whatever comes last; one character for each byte, up to the first NUL. */
function readCommonName(name: Asn1Reader): string {
  let value: Uint8Array | undefined;
  while (!name.isAtEnd) {
    const part = name.inside(name.expect(TAG.set, 'a part of the issuer'));
    while (!part.isAtEnd) {
      const pair = part.inside(part.expect(TAG.sequence, 'a part of the issuer'));
      const type = readIdentifier(pair, 'the type of a part of the issuer');
      value = pair.content(pair.next());
      if (type === COMMON_NAME) return textUpToNul(value);
    }
  }
  return value === undefined ? '' : textUpToNul(value);
}

function textUpToNul(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

function readAlgorithm(reader: Asn1Reader, what: string): string {
  return readIdentifier(reader.inside(reader.expect(TAG.sequence, what)), what);
}

/** The next element's dotted identifier. */
export function readIdentifier(reader: Asn1Reader, what: string): string {
  const element: Asn1Element = reader.expect(TAG.objectIdentifier, what);
  const identifier = dottedIdentifier(reader.content(element));
  if (identifier === undefined) throw new Asn1Error(element.start, `${what} is no object identifier`);
  return identifier;
}
