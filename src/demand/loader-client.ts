import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';

import type { KernelLocation } from '../kernel/kernel-file.ts';
import { answerFault, type DemandAnswer, LineReader, loaderSocket } from './loader-protocol.ts';

/** How long a program that decides may think, in milliseconds. The kernel waits meanwhile, with whoever made it ask. */
const PATIENCE_MS = 10_000;

/** Whether a program is there that decides about requests. */
export function hasDemandLoader(kernel: KernelLocation): boolean {
  return existsSync(loaderSocket(kernel));
}

/** A request that was put to a program that decides. */
export interface PutRequest {
  readonly answer: DemandAnswer;
  /** Tells it what came of it, and ends the conversation. */
  readonly end: (exitCode: number) => void;
}

/** Puts a request to the program that decides. When it does not answer in time, or not in order, the answer is `default`. */
export async function putRequest(name: string, kernel: KernelLocation): Promise<PutRequest> {
  // Not imported: it takes a while to load, and hardly anybody has such a program.
  const { connect } = process.getBuiltinModule('node:net');
  const socket = connect(loaderSocket(kernel));
  socket.setEncoding('utf8');
  const answer = await new Promise<DemandAnswer>((resolve) => {
    const giveUp = (): void => finish('default');
    const timer = setTimeout(giveUp, PATIENCE_MS);
    // Only a whole line is an answer: what has begun to answer may still never end.
    const finish = (given: DemandAnswer): void => {
      clearTimeout(timer);
      resolve(given);
    };
    const reader = new LineReader((line) => finish(readAnswer(line)));
    socket.on('data', (text: string) => reader.push(text));
    socket.once('error', giveUp).once('close', giveUp);
    socket.write(`${JSON.stringify({ name })}\n`, () => undefined);
  });
  return { answer, end: (exitCode) => endConversation(socket, exitCode) };
}

function readAnswer(line: string): DemandAnswer {
  try {
    const { answer } = JSON.parse(line) as { answer: DemandAnswer };
    return answerFault(answer) === undefined ? answer : 'default';
  } catch {
    return 'default';
  }
}

function endConversation(socket: Socket, exitCode: number): void {
  if (socket.writable) socket.end(`${JSON.stringify({ exitCode })}\n`);
  // Whoever does not read is not waited for.
  socket.unref();
}
