/**
 * Runs functions from the host in a process of its own, started before the template is saved: a crash or an endless
 * loop in a function costs this process and not the agent, and a call costs no start of Node.
 */
import { randomInt } from 'node:crypto';
import { constants, Script } from 'node:vm';
import { deserialize, serialize } from 'node:v8';

import { toRemoteError } from '../protocol/remote-error.ts';
import type { RemoteError } from '../protocol/requests.ts';

/** From the agent. */
export interface EvaluateMessage {
  readonly id: number;
  readonly source: string;
  readonly arguments: Uint8Array;
}

/** To the agent. */
export interface EvaluateAnswer {
  readonly id: number;
  readonly value?: Uint8Array;
  readonly error?: RemoteError;
}

// V8 seeds its generator once per process: all clones of a template would draw the same numbers.
Math.random = () => randomInt(2 ** 48 - 1) / 2 ** 48;

function compile(source: string): (...values: unknown[]) => unknown {
  const script = new Script(`(${source})`, {
    filename: import.meta.filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as (...values: unknown[]) => unknown;
}

async function answer(message: EvaluateMessage): Promise<EvaluateAnswer> {
  try {
    const values = deserialize(message.arguments) as unknown[];
    const value: unknown = await compile(message.source)(...values);
    return { id: message.id, value: serialize(value) };
  } catch (thrown) {
    return { id: message.id, error: toRemoteError(thrown) };
  }
}

process.on('message', (message: EvaluateMessage) => {
  void answer(message).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => {
  process.exit(0);
});
process.send?.('ready');
