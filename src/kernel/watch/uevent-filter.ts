import { endianness } from 'node:os';

/** Codes of classic BPF (linux/bpf_common.h): load a word or half word, compare it, return. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const WHOLE = 0xffff_ffff;
/** `struct sock_filter`: code, two jumps, constant. */
const INSTRUCTION_BYTES = 8;

/**
 * A filter for the socket that lets `add@/module/…` and `remove@/module/…` through and nothing else. What it drops wakes nobody
 * up and takes no room in the socket's buffer: a storm of other events does no harm. A message that is too short for it
 * is dropped.
 */
export function moduleEventFilter(): Uint8Array {
  const isAdd = comparisons('add@/module/');
  const isRemove = comparisons('remove@/module');
  const accept = isAdd.length + isRemove.length;
  const program = [
    ...linked(isAdd, 0, accept, isAdd.length),
    ...linked(isRemove, isAdd.length, accept, accept + 1),
    { code: RETURN, value: WHOLE },
    { code: RETURN, value: 0 },
  ];
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  const isLittle = endianness() === 'LE';
  for (const [index, { code, value, equal = 0, other = 0 }] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    if (isLittle) bytes.writeUInt16LE(code, at);
    else bytes.writeUInt16BE(code, at);
    bytes.writeUInt8(equal, at + 2);
    bytes.writeUInt8(other, at + 3);
    if (isLittle) bytes.writeUInt32LE(value, at + 4);
    else bytes.writeUInt32BE(value, at + 4);
  }
  return bytes;
}

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** How many instructions are passed over when they are equal, and when not. */
  readonly equal?: number;
  readonly other?: number;
}

/** Instructions that compare the start of a message with a text of an even length; jumps are missing. */
function comparisons(text: string): readonly Instruction[] {
  const bytes = Buffer.from(text, 'latin1');
  const instructions: Instruction[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const isWord = bytes.length - at >= 4;
    instructions.push(
      { code: isWord ? LOAD_WORD : LOAD_HALF, value: at },
      { code: JUMP_IF_EQUAL, value: isWord ? bytes.readUInt32BE(at) : bytes.readUInt16BE(at) },
    );
  }
  return instructions;
}

/** Puts the jumps in: the last comparison leads to `success`, each that fails to `failure` (places in the program). */
function linked(
  instructions: readonly Instruction[],
  start: number,
  success: number,
  failure: number,
): readonly Instruction[] {
  return instructions.map((instruction, index) => {
    if (instruction.code !== JUMP_IF_EQUAL) return instruction;
    const next = start + index + 1;
    const isLast = index === instructions.length - 1;
    return { ...instruction, equal: isLast ? success - next : 0, other: failure - next };
  });
}
