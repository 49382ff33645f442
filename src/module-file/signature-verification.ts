import type { X509Certificate } from 'node:crypto';

import {
  type CertificateInput,
  findCertificate,
  readCertificates,
  type SignerCertificate,
} from './certificate.ts';
import { readSignedModule, type SignedModule } from './module-signature.ts';
import { checkSignature } from './signature-check.ts';
import type { SignerInfo } from './signed-data.ts';

/** Whether a module's signature stands up to a set of certificates. */
export interface SignatureVerdict {
  /**
   * - `valid`: signed with the key of one of the certificates, and not changed since
   * - `unsigned`: nothing speaks of a signature
   * - `no-certificate`: signed by somebody else
   * - `digest-mismatch`: signed with such a key, but the content is not what was signed
   * - `bad-signature`: names one of the certificates, and the signature does not fit
   * - `corrupt`: ends like a signed file, and the signature cannot be read
   * - `truncated`: ends like a signed file of which a part is missing
   * - `unsupported`: an algorithm that cannot be verified here
   */
  readonly verdict:
    | 'valid'
    | 'unsigned'
    | 'no-certificate'
    | 'digest-mismatch'
    | 'bad-signature'
    | 'corrupt'
    | 'truncated'
    | 'unsupported';
  /** What was found, as a sentence without its stop. */
  readonly reason: string;
  /** The certificate that the signature names; null when it is none of those given. */
  readonly certificate: X509Certificate | null;
  /** The verdict on the signature that the signed content itself ends with; null when there is none. */
  readonly inner: SignatureVerdict | null;
}

type Finding = Omit<SignatureVerdict, 'inner'>;

/** The most telling comes first: one bad signature spoils a good one, as in the kernel. */
const rank: readonly SignatureVerdict['verdict'][] = [
  'corrupt',
  'digest-mismatch',
  'bad-signature',
  'valid',
  'unsupported',
  'no-certificate',
];

/**
 * Verifies the signature at the end of an unpacked module. A certificate is found by issuer and serial number or by
 * its key identifier; it is trusted as given: its validity dates, purposes and own issuer do not count, as for the
 * kernel's keys.
 *
 * @param module the unpacked file
 * @throws TypeError for a certificate that is none
 */
export function verifyModule(module: Buffer, certificates: readonly CertificateInput[]): SignatureVerdict {
  return verdictOn(module, readSignedModule(module), readCertificates(certificates));
}

function verdictOn(
  file: Buffer,
  signed: SignedModule,
  certificates: readonly SignerCertificate[],
): SignatureVerdict {
  const content = file.subarray(0, signed.signature.contentLength);
  const inner = signed.inner === null ? null : verdictOn(content, signed.inner, certificates);
  return { ...findingOn(content, signed, certificates), inner };
}

function findingOn(
  content: Buffer,
  { signature: { kind, problem, id }, signers }: SignedModule,
  certificates: readonly SignerCertificate[],
): Finding {
  const certificate = null;
  if (kind === 'none') return { verdict: 'unsigned', reason: 'the file is not signed', certificate };
  if (kind === 'pgp' || kind === 'x509')
    return {
      verdict: 'unsupported',
      reason: `signatures of the form ${id} have not been accepted since Linux 4.3`,
      certificate,
    };
  if (problem !== null)
    return { verdict: kind === 'truncated' ? kind : 'corrupt', reason: problem, certificate };
  const findings = signers.map((signer) => findingOfSigner(signer, content, certificates));
  findings.sort((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict));
  return findings[0] ?? { verdict: 'corrupt', reason: 'there is no signer', certificate };
}

function findingOfSigner(
  signer: SignerInfo,
  content: Buffer,
  certificates: readonly SignerCertificate[],
): Finding {
  const found = findCertificate(certificates, signer);
  if (found === undefined) {
    const name =
      signer.certificate?.issuerName ?? Buffer.from(signer.subjectKeyIdentifier ?? []).toString('hex');
    return {
      verdict: 'no-certificate',
      reason: `none of the ${certificates.length} certificates is the signer's, which names "${name}"`,
      certificate: null,
    };
  }
  return { ...checkSignature(signer, content, found.certificate), certificate: found.certificate };
}
