import { hasEscapedBytes, textBytes } from '../native/byte-text.ts';

/** A command for `/bin/sh -c` and its environment, both UTF-8: Node gives programs nothing else. */
export interface ByteCommand {
  readonly text: string;
  readonly environment: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /^[A-Za-z_]\w*$/;

/**
 * The command itself where it and its environment are UTF-8. Otherwise one that makes their bytes in a first shell, which
 * then becomes the shell of the command.
 *
 * @param command with bytes that are no UTF-8 as `byte-text.ts` has them; so in the environment
 */
export function byteCommand(command: string, environment: Environment): ByteCommand {
  const escaped = Object.entries(environment).filter(isEscaped);
  if (escaped.length === 0 && !hasEscapedBytes(command)) return { text: command, environment };
  const exports = escaped
    .filter(([name]) => VARIABLE.test(name))
    .map(([name, value]) => `set -- ${printed(value)}; export ${name}="\${1%.}"`);
  // "sh" is how system(3) names it, and what its messages begin with; another program of that name is not meant.
  const shell = `case $(command -v sh) in /bin/sh|/usr/bin/sh) exec sh -c "\${1%.}";; *) exec /bin/sh -c "\${1%.}";; esac`;
  return {
    text: [...exports, `set -- ${printed(command)}`, shell].join('\n'),
    environment: Object.fromEntries(Object.entries(environment).filter((entry) => !isEscaped(entry))),
  };
}

function isEscaped(entry: [string, string | undefined]): entry is [string, string] {
  return hasEscapedBytes(entry[1] ?? '');
}

// What gives the bytes of a text and a dot: the shell drops line ends at the end.
function printed(text: string): string {
  const octal = Array.from(textBytes(text), (byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return `"$(printf '${octal.join('')}.')"`;
}
