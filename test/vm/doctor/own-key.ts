/** Signs modules as the kernel's scripts/sign-file does, with a new key that no kernel knows. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const MAGIC = '~Module signature appended~\n';
const PKCS7 = 2;

const [SEQUENCE, SET, INTEGER, OCTETS, OBJECT, UTF8, EXPLICIT] = [0x30, 0x31, 2, 4, 6, 12, 0xa0];

const names = {
  signedData: '2a864886f70d010702',
  data: '2a864886f70d010701',
  sha256: '608648016503040201',
  rsa: '2a864886f70d010101',
  commonName: '550403',
};

/** A key, and the name that a certificate of it would have. */
export class OwnKey {
  readonly #owner: string;
  readonly #key: KeyObject;

  /** @param owner common name, ASCII */
  constructor(owner: string) {
    this.#owner = owner;
    this.#key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  }

  /** The content with a signature at its end: a detached CMS message (RFC 5652) without attributes. */
  signed(content: Buffer): Buffer {
    const issuer = der(
      SEQUENCE,
      der(SET, der(SEQUENCE, object('commonName'), der(UTF8, Buffer.from(this.#owner)))),
    );
    const digest = der(SEQUENCE, object('sha256'));
    const signer = der(
      SEQUENCE,
      der(INTEGER, Buffer.of(1)),
      der(SEQUENCE, issuer, der(INTEGER, Buffer.of(0x4b, 0x4d))),
      digest,
      der(SEQUENCE, object('rsa'), Buffer.of(5, 0)),
      der(OCTETS, sign('sha256', content, this.#key)),
    );
    const message = der(
      SEQUENCE,
      der(INTEGER, Buffer.of(1)),
      der(SET, digest),
      der(SEQUENCE, object('data')),
      der(SET, signer),
    );
    const signature = der(SEQUENCE, object('signedData'), der(EXPLICIT, message));
    const trailer = Buffer.alloc(12);
    trailer[2] = PKCS7;
    trailer.writeUInt32BE(signature.length, 8);
    return Buffer.concat([content, signature, trailer, Buffer.from(MAGIC)]);
  }
}

function object(name: keyof typeof names): Buffer {
  return der(OBJECT, Buffer.from(names[name], 'hex'));
}

/** One value in the distinguished encoding of ASN.1. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
