/** Messages of netlink(7): requests, and the answers taken apart. All numbers are in the machine's byte order. */
import { endianness } from 'node:os';

const HEADER = 16;
const FIRST_LIST = 0x301; // NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const isLittle = endianness() === 'LE';

/** One message of an answer. */
export interface NetlinkMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** Attributes by their number; of several with the same one the last. */
export type NetlinkAttributes = ReadonlyMap<number, Buffer>;

/** A request for all objects of a kind. */
export function listRequest(type: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc(HEADER + body.length);
  const view = new DataView(message.buffer, message.byteOffset);
  view.setUint32(0, message.length, isLittle);
  view.setUint16(4, type, isLittle);
  view.setUint16(6, FIRST_LIST, isLittle);
  view.setUint32(8, 1, isLittle);
  message.set(body, HEADER);
  return message;
}

/** The messages of an answer; what is cut off at its end is left out. */
export function* netlinkMessages(bytes: Buffer): Generator<NetlinkMessage, void, undefined> {
  for (const { start, length, type } of records(bytes, { header: HEADER, lengthSize: 4 }))
    if (type !== NLMSG_DONE && type !== NLMSG_ERROR)
      yield { type, body: bytes.subarray(start + HEADER, start + length) };
}

/** Attributes, for example those behind the fixed part of a message. */
export function netlinkAttributes(bytes: Buffer): NetlinkAttributes {
  return new Map(attributeList(bytes));
}

/** Attributes in their order: elements of a list all have the same number. */
export function attributeList(bytes: Buffer): readonly (readonly [number, Buffer])[] {
  return [...records(bytes, { header: 4, lengthSize: 2 })].map(({ start, length, type }) => [
    type & 0x3fff,
    bytes.subarray(start + 4, start + length),
  ]);
}

/** A text that ends with a NUL. */
export function attributeText(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('latin1').replace(/\0.*$/s, '');
}

/** A number of 32 bits in the machine's order at a place of a message. */
export function numberAt(bytes: Buffer, place: number): number {
  if (place + 4 > bytes.length) return 0;
  return isLittle ? bytes.readUInt32LE(place) : bytes.readUInt32BE(place);
}

function* records(
  bytes: Buffer,
  { header, lengthSize }: { readonly header: number; readonly lengthSize: 2 | 4 },
): Generator<{ readonly start: number; readonly length: number; readonly type: number }, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start + header <= bytes.length;) {
    const length = lengthSize === 4 ? view.getUint32(start, isLittle) : view.getUint16(start, isLittle);
    if (length < header || start + length > bytes.length) return;
    yield { start, length, type: view.getUint16(start + lengthSize, isLittle) };
    start += (length + 3) & ~3;
  }
}
