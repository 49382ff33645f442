/**
 * Frames between host and guest agent: two 32-bit big-endian lengths, a JSON head, and raw bytes.
 * The bytes keep file contents and serialised values out of the JSON, where they would triple in size.
 */

const PREFIX = 8;
const LONGEST_HEAD = 16 * 1024 * 1024;
const LONGEST_PAYLOAD = 256 * 1024 * 1024;

/** One message. */
export interface Frame {
  readonly head: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
}

/** The bytes of one frame. */
export function encodeFrame(head: object, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(json.length, 0);
  prefix.writeUInt32BE(payload.byteLength, 4);
  return Buffer.concat([prefix, json, payload]);
}

/** Cuts a byte stream back into frames. */
export class FrameDecoder {
  private chunks: Buffer[] = [];
  private available = 0;

  /**
   * Takes bytes as they come, answers the frames that they complete.
   *
   * @throws Error when the stream is not one of frames
   */
  push(chunk: Uint8Array): Frame[] {
    this.chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.available += chunk.byteLength;
    const frames: Frame[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Frame | undefined {
    if (this.available < PREFIX) return undefined;
    const prefix = this.peek(PREFIX);
    const headLength = prefix.readUInt32BE(0);
    const payloadLength = prefix.readUInt32BE(4);
    if (headLength > LONGEST_HEAD || payloadLength > LONGEST_PAYLOAD)
      throw new Error(`not a frame: a head of ${headLength} and a payload of ${payloadLength} bytes`);
    const length = PREFIX + headLength + payloadLength;
    if (this.available < length) return undefined;
    const bytes = this.peek(length);
    this.drop(length);
    const head = JSON.parse(bytes.toString('utf8', PREFIX, PREFIX + headLength)) as Frame['head'];
    return { head, payload: bytes.subarray(PREFIX + headLength, length) };
  }

  // The first bytes in one piece; joins chunks only as far as needed, so that a long payload is joined once.
  private peek(length: number): Buffer {
    const first = this.chunks[0];
    if (first === undefined || first.length >= length) return first ?? Buffer.alloc(0);
    const joined = Buffer.concat(this.chunks);
    this.chunks = [joined];
    return joined;
  }

  private drop(length: number): void {
    this.available -= length;
    const first = this.chunks[0];
    if (first === undefined) return;
    if (first.length === length) this.chunks.shift();
    else this.chunks[0] = first.subarray(length);
  }
}
