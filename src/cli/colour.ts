import type { CliIo } from './cli-io.ts';

/** When colours are used: `auto` is on a terminal. */
export type ColourChoice = 'always' | 'auto' | 'never';

/** Gives texts a look. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const RESET = '\u001b[0m';
const codes = { bold: 1, dim: 2, good: 32, bad: 31 } as const;

/**
 * The paint for stdout. The option counts most, then NO_COLOR and FORCE_COLOR if they are not empty, then whether stdout
 * is a terminal that is not called `dumb`.
 */
export function paintFor(io: CliIo, choice: ColourChoice = 'auto'): Paint {
  const isWanted = choice === 'always' || (choice === 'auto' && isWantedBySurroundings(io));
  const paint =
    (name: keyof typeof codes) =>
    (text: string): string =>
      isWanted && text !== '' ? `\u001b[${codes[name]}m${text}${RESET}` : text;
  return { bold: paint('bold'), dim: paint('dim'), good: paint('good'), bad: paint('bad') };
}

function isWantedBySurroundings({ env, stdoutIsTerminal }: CliIo): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: terminal } = env;
  if (no !== '') return false;
  if (force !== '') return force !== '0' && force !== 'false';
  return terminal !== 'dumb' && stdoutIsTerminal?.() === true;
}
