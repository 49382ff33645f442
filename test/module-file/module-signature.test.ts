import { X509Certificate } from 'node:crypto';

import test from 'ava';

import { Asn1Error, Asn1Reader } from '../../src/module-file/asn1-reader.ts';
import { type ModuleSignature, readSignature } from '../../src/module-file/module-signature.ts';
import { dottedIdentifier } from '../../src/module-file/object-identifier.ts';
import { type SignatureVerdict, verifyModule } from '../../src/module-file/signature-verification.ts';
import { readSignedData } from '../../src/module-file/signed-data.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import {
  appendSignature,
  certificates,
  signatureSample,
  type SignatureSample,
  signedContent,
} from '../fixtures/signature-samples.ts';

const all = Object.values(certificates);
const signed = (name: SignatureSample): Buffer => appendSignature(signedContent, signatureSample(name));

/** A module with its content changed after it was signed. */
function contentChanged(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt8(copy.readUInt8(10) ^ 1, 10);
  return copy;
}

/** One with the last byte of its signature changed. */
function signatureChanged(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  const at = copy.length - 41;
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

const samples: readonly [
  name: SignatureSample,
  expected: Partial<ModuleSignature>,
  afterChange: SignatureVerdict['verdict'],
][] = [
  [
    'rsa',
    {
      signer: 'RSA test key',
      keyKind: 'serial',
      hashAlgorithm: 'sha256',
      signatureAlgorithm: 'rsaEncryption',
    },
    'digest-mismatch',
  ],
  ['rsaAttributes', { signer: 'RSA test key', hashAlgorithm: 'sha512' }, 'digest-mismatch'],
  ['rsaKeyIdentifier', { signer: '', keyKind: 'key-identifier', hashAlgorithm: 'sha256' }, 'digest-mismatch'],
  ['rsaPss', { signer: 'RSA test key', signatureAlgorithm: 'rsassaPss' }, 'bad-signature'],
  [
    'ec',
    { signer: 'EC test key', hashAlgorithm: 'sha384', signatureAlgorithm: 'ecdsa-with-SHA384' },
    'bad-signature',
  ],
  ['ecAttributes', { signer: 'EC test key', signatureAlgorithm: 'ecdsa-with-SHA256' }, 'digest-mismatch'],
  ['otherName', { signer: 'No common name', hashAlgorithm: 'sha512' }, 'bad-signature'],
  ['twoSigners', { signerCount: 2 }, 'digest-mismatch'],
];

for (const [name, expected, afterChange] of samples)
  test(`PKCS#7 ${name}: read, verified, and refused when changed`, (t) => {
    const file = signed(name);
    const found = readSignature(file);
    t.like(found, { kind: 'pkcs7', id: 'PKCS#7', problem: null, inner: null, ...expected });
    t.is(found.contentLength, signedContent.length);
    t.true(found.signature.length >= 100 && found.key.length === 20);
    const verdict = verifyModule(file, all);
    t.is(verdict.verdict, 'valid', verdict.reason);
    t.true(verdict.certificate instanceof X509Certificate);
    t.is(verifyModule(contentChanged(file), all).verdict, afterChange);
    t.is(verifyModule(signatureChanged(file), all).verdict, 'bad-signature');
    t.is(verifyModule(file, []).verdict, 'no-certificate');
    t.is(verifyModule(file, []).certificate, null);
  });

test('the key is the serial number of the certificate, without a sign byte', (t) => {
  const certificate = new X509Certificate(certificates.rsa);
  t.is(readSignature(signed('rsa')).key.toString('hex').toUpperCase(), certificate.serialNumber);
});

test('certificates as PEM, DER, object, and several in one text', (t) => {
  const certificate = new X509Certificate(certificates.ec);
  for (const input of [
    certificates.ec,
    Buffer.from(certificates.ec),
    certificate,
    certificate.raw,
    all.join('\n'),
  ])
    t.is(verifyModule(signed('ec'), [input]).verdict, 'valid');
  t.is(verifyModule(signed('ec'), [certificates.rsa, certificates.other]).verdict, 'no-certificate');
  t.throws(() => verifyModule(signed('ec'), [certificates.ec, 'nonsense']), {
    instanceOf: TypeError,
    message: /^certificates\[1\] is no X\.509 certificate in PEM or DER: /,
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

test('unsigned, corrupt and truncated are told apart', (t) => {
  const whole = appendSignature(moduleImage({ modinfo: ['license=GPL'] }), signatureSample('rsa'));
  const image = moduleImage({ modinfo: ['license=GPL'] });
  const rows: readonly [
    what: string,
    file: Buffer,
    kind: ModuleSignature['kind'],
    verdict: SignatureVerdict['verdict'],
    reason: RegExp,
  ][] = [
    ['no signature', image, 'none', 'unsigned', /not signed/],
    ['no bytes', Buffer.alloc(0), 'none', 'unsigned', /not signed/],
    [
      'without the final newline',
      whole.subarray(0, -1),
      'truncated',
      'truncated',
      /the last 1 bytes are missing/,
    ],
    ['cut in the words', whole.subarray(0, -20), 'truncated', 'truncated', /the last 20 bytes are missing/],
    [
      'cut before the words',
      whole.subarray(0, -28),
      'truncated',
      'truncated',
      /a signature begins at byte \d+/,
    ],
    ['cut in the message', whole.subarray(0, image.length + 20), 'truncated', 'truncated', /20 bytes later/],
    ['the end alone', whole.subarray(-28), 'truncated', 'truncated', /nothing before the words/],
    [
      'longer than the file',
      appendSignature(image, signatureSample('rsa'), { length: 1_000_000 }),
      'truncated',
      'truncated',
      /said to have 1000000 bytes/,
    ],
    [
      'something added',
      Buffer.concat([whole, Buffer.from('\n')]),
      'corrupt',
      'corrupt',
      /^1 bytes follow the words/,
    ],
    ['no length', appendSignature(image, Buffer.alloc(0)), 'corrupt', 'corrupt', /has no bytes/],
    [
      'unknown type',
      appendSignature(image, Buffer.alloc(9), { idType: 3 }),
      'corrupt',
      'corrupt',
      /type is 3/,
    ],
    ['unknown hash', appendSignature(image, Buffer.alloc(9), { hash: 9 }), 'corrupt', 'corrupt', /hash is 9/],
    [
      'unknown algorithm',
      appendSignature(image, Buffer.alloc(9), { algorithm: 2 }),
      'corrupt',
      'corrupt',
      /algorithm is 2/,
    ],
    [
      'no PKCS#7',
      appendSignature(image, Buffer.alloc(50, 1)),
      'pkcs7',
      'corrupt',
      /the message has the tag 0x1/,
    ],
    [
      'a part of the PKCS#7',
      appendSignature(image, signatureSample('rsa').subarray(0, -10)),
      'pkcs7',
      'corrupt',
      /is cut or damaged: at byte 0: an element of \d+ bytes reaches behind the end/,
    ],
    [
      'numbers that the kernel refuses',
      appendSignature(image, signatureSample('rsa'), { algorithm: 1 }),
      'pkcs7',
      'corrupt',
      /which the kernel refuses/,
    ],
  ];
  for (const [what, file, kind, verdict, reason] of rows) {
    t.is(readSignature(file).kind, kind, what);
    const found = verifyModule(file, all);
    t.is(found.verdict, verdict, what);
    t.regex(found.reason, reason, what);
  }
});

test('a signed module signed again', (t) => {
  const twice = appendSignature(signed('ec'), signatureSample('rsa'));
  const found = readSignature(twice);
  t.is(found.signer, 'RSA test key');
  t.is(found.inner?.signer, 'EC test key');
  t.is(found.inner?.inner, null);
  const verdict = verifyModule(twice, all);
  // The outer signature is over the bare content, and what stands before it is more than that.
  t.is(verdict.verdict, 'digest-mismatch');
  t.is(verdict.inner?.verdict, 'valid');
  t.is(verifyModule(signed('rsa'), all).inner, null);
});

test('no number of signatures in signatures is followed for ever', (t) => {
  let file = signedContent;
  for (let count = 0; count < 50; count++) file = appendSignature(file, signatureSample('ec'));
  let depth = 0;
  for (let found: ModuleSignature | null = readSignature(file); found !== null; found = found.inner) depth++;
  t.is(depth, 4);
});

test('the old forms', (t) => {
  const message = Buffer.from('The signerKEYIDsignature', 'latin1');
  for (const [idType, kind, id] of [
    [0, 'pgp', 'PGP'],
    [1, 'x509', 'X509'],
  ] as const) {
    const numbers = { algorithm: 1, hash: 4, idType, signerLength: 10, keyIdLength: 5 };
    const file = appendSignature(signedContent, message, numbers);
    const found = readSignature(file);
    t.like(found, { kind, id, signer: 'The signer', hashAlgorithm: 'sha256', signatureAlgorithm: 'RSA' });
    t.is(found.key.toString(), 'KEYID');
    t.is(found.signature.toString(), 'signature');
    t.is(found.contentLength, signedContent.length);
    t.is(verifyModule(file, all).verdict, 'unsupported');
  }
});

test('algorithms that are not known are unsupported, not bad', (t) => {
  const message = signatureSample('ec');
  // The identifier of ecdsa-with-SHA384 with its last number changed.
  const at = message.lastIndexOf(Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]));
  message[at + 7] = 0x7f;
  const file = appendSignature(signedContent, message);
  t.is(readSignature(file).signatureAlgorithm, '1.2.840.10045.4.3.127');
  const { verdict, reason } = verifyModule(file, all);
  t.is(verdict, 'unsupported');
  t.is(reason, 'the signature algorithm 1.2.840.10045.4.3.127 is not known here');
});

/** Length of the content of the first element. */
function lengthOfFirst(...bytes: number[]): number {
  const { contentStart, end } = new Asn1Reader(Uint8Array.from(bytes)).next();
  return end - contentStart;
}

test('DER: strict lengths, nothing behind the end', (t) => {
  t.is(lengthOfFirst(0x04, 2, 1, 2), 2);
  t.is(lengthOfFirst(0x04, 0x81, 0x80, ...Array.from({ length: 128 }, () => 0)), 128);
  const rows: readonly [bytes: readonly number[], expected: RegExp][] = [
    [[], /end within the head/],
    [[0x30], /end within the head/],
    [[0x30, 0x82, 1], /end within the head/],
    [[0x30, 1], /an element of 1 bytes reaches behind the end, 0 bytes on/],
    [[0x30, 0x80, 0, 0], /indefinite/],
    [[0x30, 0x81, 5, 0, 0, 0, 0, 0], /shortest form/],
    [[0x30, 0x82, 0, 0x90], /shortest form/],
    [[0x30, 0x85, 1, 1, 1, 1, 1], /has 5 bytes/],
    [[0x3f, 1, 1, 1], /second byte/],
  ];
  for (const [bytes, message] of rows)
    t.throws(() => lengthOfFirst(...bytes), { instanceOf: Asn1Error, message });
});

test('object identifiers', (t) => {
  t.is(dottedIdentifier(Buffer.from('2a864886f70d010702', 'hex')), '1.2.840.113549.1.7.2');
  t.is(dottedIdentifier(Buffer.from('550403', 'hex')), '2.5.4.3');
  t.is(dottedIdentifier(Buffer.from('883703', 'hex')), '2.999.3');
  for (const bad of ['', '2a86', '2a8001', 'ff'.repeat(40)])
    t.is(dottedIdentifier(Buffer.from(bad, 'hex')), undefined);
});

test('no change of a byte does more than be refused', (t) => {
  const random = pseudoRandom(11);
  let unreadable = 0;
  for (const [name] of samples)
    for (let round = 0; round < 400; round++) {
      const message = signatureSample(name);
      for (let count = 1 + random(3); count > 0; count--) message[random(message.length)] = random(256);
      const cut = random(4) === 0 ? message.subarray(0, random(message.length)) : message;
      try {
        readSignedData(cut);
      } catch (error) {
        if (!(error instanceof Asn1Error)) throw error;
        unreadable++;
      }
      if (round % 10 === 0) t.not(verifyModule(appendSignature(signedContent, cut), all).verdict, 'unsigned');
    }
  t.true(unreadable > 500);
});
