import { decodeResult } from '../../src/native/unpack-failure.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';

const LIMIT = 1 << 20;

/**
 * What decoder-target.cc does, in the addon as it is: one byte that chooses how fast the output grows, then a compressed
 * file, which has to unpack to the same in one go and bit by bit.
 */
export function fuzz(data: Buffer): void {
  if (data.length < 2) return;
  const input = data.subarray(1);
  const atOnce = decode(input, LIMIT + 1, LIMIT);
  const inSteps = decode(input, 0, 1 + (data[0] ?? 0) * 40);
  if (!inSteps.equals(atOnce))
    throw new Error(`in steps: ${inSteps.toString()}, at once: ${atOnce.toString()}`);
}

/** The output, or the errno as text. */
function decode(input: Buffer, capacity: number, step: number): Buffer {
  const native = nativeBinding();
  const decoder = native.createDecoder();
  if (decoder === null) throw new Error('no memory');
  let output = Buffer.alloc(capacity);
  let produced = 0;
  for (let format: 0 | 1 | 2 = input[0] === 0xfd ? 1 : 2; ; format = 0) {
    const answer = native.decode(decoder, format, input, output, produced, LIMIT);
    if (typeof answer === 'number')
      return answer > LIMIT ? refused(decodeResult.tooLarge) : output.subarray(0, answer);
    if (answer.result !== decodeResult.outputFull) return refused(answer.result);
    if (output.length > LIMIT) return refused(decodeResult.tooLarge);
    produced = output.length;
    output = Buffer.concat([output, Buffer.alloc(Math.min(step, LIMIT + 1 - produced))]);
  }
}

// Which of its faults a file is refused for may depend on the room that a library has.
function refused(result: number): Buffer {
  return Buffer.from(`errno ${result === decodeResult.truncated ? decodeResult.damaged : result}`);
}
