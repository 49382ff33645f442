import type { KernelLocation } from '../kernel/kernel-file.ts';
import { asymmetricKeys } from '../kernel/keyring.ts';
import type { SecurityState } from '../kernel/security-state.ts';
import type { ModuleSignature } from '../module-file/module-signature.ts';
import { verifyModule } from '../module-file/signature-verification.ts';
import type { CauseCode } from './cause.ts';
import type { FindingList } from './finding-list.ts';
import type { KernelImage } from './kernel-image.ts';
import type { ReferenceModule } from './reference-module.ts';

/** What signature checks look at. */
export interface SignatureFacts {
  readonly bytes: Buffer;
  readonly signature: ModuleSignature;
  readonly path: string;
  readonly reference: ReferenceModule | undefined;
  readonly image: KernelImage | undefined;
  readonly kernel: KernelLocation;
  /** Undefined when the kernel that is meant does not run. */
  readonly state: SecurityState | undefined;
}

/** To verify more would hold the event loop up for too long. */
const MOST_VERIFIED = 4 * 2 ** 20;

/** Holds a module's signature against what the kernel demands and the keys that it is known to trust. */
export function checkSignature(list: FindingList, facts: SignatureFacts): void {
  const { signature } = facts;
  const { kind, problem } = signature;
  const source = `${facts.path}, end of the file`;
  if (kind === 'none' || isUnseen(facts.bytes)) {
    addUnsigned(list, facts, {
      what:
        problem === null || kind === 'none'
          ? 'The module is not signed'
          : `The module's signature is lost (${problem})`,
      evidence: [kind === 'none' ? 'no signature' : (problem ?? 'no signature'), source],
    });
    return;
  }
  // The length is looked at first, then the form, then the rest.
  const form = facts.bytes[facts.bytes.length - FORM_FROM_END] ?? 0;
  if (problem !== null && (kind === 'truncated' || form === PKCS7)) {
    addMalformed(list, problem, source);
    return;
  }
  if (form !== PKCS7) {
    addUnsigned(list, facts, {
      what: `The module has a signature of a form (number ${form}) that kernels since 4.3 do not know`,
      evidence: [`signature of the form ${form}`, source],
      cause: 'signature-unsupported',
    });
    return;
  }
  checkSigner(list, facts, source);
}

/** Where `id_type` stands before the end of a signed file, and the one value that the kernel takes. */
const FORM_FROM_END = 28 + 10;
const PKCS7 = 2;

// The kernel wants the words as the very last bytes.
function isUnseen(bytes: Buffer): boolean {
  return !bytes.subarray(-28).equals(Buffer.from('~Module signature appended~\n'));
}

function addMalformed(list: FindingList, problem: string, source: string): void {
  list.add('signature-malformed', {
    text: `The signature at the end of the file cannot be read: ${problem}. The kernel refuses that also where it does not enforce signatures.`,
    confidence: 'likely',
    errno: 'EBADMSG',
    evidence: [[problem, source]],
    remedies: ['Sign the module again, or install it again.'],
  });
}

/** What is left over when a signature does not count. */
interface Unsigned {
  readonly what: string;
  readonly evidence: readonly [text: string, source: string];
  readonly cause?: CauseCode;
}

/** A module without a signature that counts: what becomes of it is the kernel's policy. */
function addUnsigned(
  list: FindingList,
  { state }: SignatureFacts,
  { what, evidence, cause }: Unsigned,
): void {
  const lockdown = state?.lockdown ?? 'none';
  const remedies = [
    'Sign the module with a key that the kernel trusts: scripts/sign-file, or mokutil --import KEY.der',
  ];
  if (state?.enforcesSignatures === true)
    list.add(cause ?? 'signature-required', {
      text: `${what}, and the kernel enforces signatures.`,
      errno: 'EKEYREJECTED',
      evidence: [evidence, ['Y', '/sys/module/module/parameters/sig_enforce']],
      remedies,
    });
  else if (lockdown !== 'none')
    list.add(cause ?? 'lockdown-unsigned', {
      text: `${what}, and the kernel is locked down (${lockdown}).`,
      errno: 'EPERM',
      evidence: [evidence, [lockdown, '/sys/kernel/security/lockdown']],
      remedies: [...remedies, 'Switch Secure Boot off in the firmware, or boot without lockdown='],
    });
  else list.check('signature', state === undefined ? 'unknown' : 'ok', `${what}; ${policyText(state)}`);
}

function policyText(state: SecurityState | undefined): string {
  if (state === undefined) return 'the policy of that kernel is not known, as it does not run';
  if (state.enforcesSignatures === false)
    return 'the kernel does not enforce signatures, so it only becomes tainted';
  return 'whether the kernel enforces signatures cannot be read';
}

function checkSigner(list: FindingList, facts: SignatureFacts, source: string): void {
  const { image, reference, bytes, signature } = facts;
  if (image !== undefined && image.certificates.length > 0 && bytes.length <= MOST_VERIFIED) {
    const { verdict, reason } = verifyModule(bytes, image.certificates);
    if (verdict === 'valid') {
      list.check('signature', 'ok', `${reason}, by a certificate in ${image.path}`);
      return;
    }
    if (verdict === 'digest-mismatch' || verdict === 'bad-signature') {
      list.add('signature-mismatch', {
        text: 'The signature does not fit the module: it was changed after it was signed. The kernel refuses that also where it does not enforce signatures.',
        errno: 'EKEYREJECTED',
        evidence: [
          [reason, source],
          [`certificate of ${signature.signer}`, image.path],
        ],
        remedies: ['Sign the module again after the last change (stripping included), or install it again.'],
      });
      return;
    }
  }
  if (reference !== undefined && isSameKey(signature, reference.signature)) {
    list.check('signature', 'ok', `by ${signature.signer}, as ${reference.path}; not verified`);
    return;
  }
  const keys = facts.state === undefined ? null : asymmetricKeys(facts.kernel);
  const key = keys?.find((description) => description.startsWith(`${signature.signer}:`));
  if (key !== undefined && signature.signer !== '' && signature.signer !== reference?.signature.signer) {
    list.check(
      'signature',
      'ok',
      `by ${signature.signer}, and /proc/keys has a key of that name; not verified`,
    );
    return;
  }
  const hasOthers = reference?.signature.kind === 'pkcs7';
  const text = `The module is signed by '${signature.signer}', whose key ${hasOthers ? "is not that of the kernel's own modules" : 'is not known here'}`;
  const isStrict = facts.state?.enforcesSignatures === true || (facts.state?.lockdown ?? 'none') !== 'none';
  if (!isStrict) {
    list.check('signature', 'unknown', `${text}; ${policyText(facts.state)}`);
    return;
  }
  const isEnforced = facts.state?.enforcesSignatures === true;
  list.add('signature-unknown-key', {
    text: `${text}, and the kernel wants one that it trusts. Whether the firmware or the owner's keys have it is not known.`,
    confidence: keys === null ? 'possible' : 'likely',
    errno: isEnforced ? 'EKEYREJECTED' : 'EPERM',
    evidence: [
      [`signer ${signature.signer}`, source],
      ...(keys === null ? [] : ([['no other key of that name', '/proc/keys']] as const)),
    ],
    remedies: ['grep -i asymmetri /proc/keys', 'mokutil --list-enrolled', 'mokutil --import KEY.der'],
  });
}

/** Whether two signatures name the same key. */
export function isSameKey(a: ModuleSignature, b: ModuleSignature): boolean {
  return (
    a.kind === 'pkcs7' &&
    b.kind === 'pkcs7' &&
    a.signer === b.signer &&
    a.key.equals(b.key) &&
    a.key.length > 0
  );
}
