import type * as Crypto from 'node:crypto';
import type { X509Certificate } from 'node:crypto';

import { Asn1Reader, TAG } from './asn1-reader.ts';
import { readIdentifier } from './signed-data.ts';

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const PEM =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PEM_START = '-----BEGIN';

/** To load it takes longer than most runs of a tool. */
const crypto = (): typeof Crypto => process.getBuiltinModule('node:crypto');

/** A certificate in any form that `node:crypto` has: PEM text (also several in one), DER bytes, or the object. */
export type CertificateInput = X509Certificate | string | Uint8Array;

/** A certificate with what signatures name it by, as raw bytes. */
export interface SignerCertificate {
  readonly certificate: X509Certificate;
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
}

/**
 * Reads certificates.
 *
 * @throws TypeError with code `ERR_INVALID_ARG_VALUE` that names the one which is none
 */
export function readCertificates(inputs: readonly CertificateInput[]): readonly SignerCertificate[] {
  return inputs.flatMap((input, place) => {
    try {
      return splitInput(input).map((one) => identify(one));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw Object.assign(
        new TypeError(`certificates[${place}] is no X.509 certificate in PEM or DER: ${reason}`, { cause }),
        { code: 'ERR_INVALID_ARG_VALUE' },
      );
    }
  });
}

function splitInput(input: CertificateInput): readonly X509Certificate[] {
  const { X509Certificate: Certificate } = crypto();
  if (input instanceof Certificate) return [input];
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  if (!text.includes(PEM_START)) return [new Certificate(input)];
  const blocks = text.match(PEM);
  if (blocks === null) throw new Error('the PEM text has no block of the type CERTIFICATE');
  return blocks.map((block) => new Certificate(block));
}

function identify(certificate: X509Certificate): SignerCertificate {
  const outer = new Asn1Reader(certificate.raw);
  const whole = outer.inside(outer.expect(TAG.sequence, 'the certificate'));
  const body = whole.inside(whole.expect(TAG.sequence, 'the body'));
  body.take(TAG.constructed0);
  const serial = body.content(body.expect(TAG.integer, 'the serial number'));
  body.expect(TAG.sequence, 'the algorithm');
  const issuer = body.whole(body.expect(TAG.sequence, 'the issuer'));
  while (!body.isAtEnd && body.nextTag !== TAG.constructed3) body.next();
  const extensions = body.take(TAG.constructed3);
  const subjectKeyIdentifier =
    extensions === undefined ? undefined : readKeyIdentifier(body.inside(extensions));
  return { certificate, issuer, serial, subjectKeyIdentifier };
}

function readKeyIdentifier(wrapper: Asn1Reader): Uint8Array | undefined {
  const list = wrapper.inside(wrapper.expect(TAG.sequence, 'the extensions'));
  while (!list.isAtEnd) {
    const extension = list.inside(list.expect(TAG.sequence, 'an extension'));
    const type = readIdentifier(extension, 'the type of an extension');
    extension.take(TAG.boolean);
    const value = extension.expect(TAG.octetString, 'the value of an extension');
    if (type !== SUBJECT_KEY_IDENTIFIER) continue;
    const inner = extension.inside(value);
    return inner.content(inner.expect(TAG.octetString, 'the key identifier'));
  }
  return undefined;
}

/** The certificate that a signature names, by issuer and serial number or by key identifier, byte for byte. */
export function findCertificate(
  certificates: readonly SignerCertificate[],
  signer: {
    readonly certificate: { readonly issuer: Uint8Array; readonly serial: Uint8Array } | undefined;
    readonly subjectKeyIdentifier: Uint8Array | undefined;
  },
): SignerCertificate | undefined {
  const { certificate: name, subjectKeyIdentifier: key } = signer;
  return certificates.find((candidate) => {
    if (name !== undefined)
      return isSame(candidate.issuer, name.issuer) && isSame(candidate.serial, name.serial);
    const own = candidate.subjectKeyIdentifier;
    return key !== undefined && own !== undefined && isSame(own, key);
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
