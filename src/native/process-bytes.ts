/**
 * What this process was started with, byte for byte. Node reads arguments and environment as UTF-8 and puts U+FFFD in the
 * place of what is none; the kernel still has the bytes. Texts here are those of `byte-text.ts`.
 */
import { readFileSync, readlinkSync } from 'node:fs';

import { byteText } from './byte-text.ts';

const REPLACEMENT = '\ufffd';

/**
 * The arguments as they were given.
 *
 * @param argv as `process.argv`
 */
export function argumentTexts(argv: readonly string[]): readonly string[] {
  if (!argv.some(hasReplacement)) return argv;
  // Before those that Node shows stand its own options; the first two it has made absolute.
  const given = recordsOf('/proc/self/cmdline');
  const after = given.slice(Math.max(0, given.length - argv.length + 2));
  return argv.map((argument, index) => (index < 2 ? argument : original(argument, after[index - 2])));
}

/**
 * The variables of the environment that Node does not show as they are, by their names.
 *
 * @param environment as `process.env`
 */
export function environmentTexts(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const changed = Object.entries(environment).filter(([, value]) => hasReplacement(value ?? ''));
  if (changed.length === 0) return {};
  const given = new Map(
    recordsOf('/proc/self/environ').map((record) => {
      const text = byteText(record);
      const equals = text.indexOf('=');
      return [text.slice(0, equals), record.subarray(Buffer.byteLength(text.slice(0, equals)) + 1)] as const;
    }),
  );
  return Object.fromEntries(changed.map(([name, value = '']) => [name, original(value, given.get(name))]));
}

/** The working directory, which `shown` is as `process.cwd()` has it. */
export function workingDirectoryText(shown: string): string {
  if (!hasReplacement(shown)) return shown;
  try {
    return original(shown, readlinkSync('/proc/self/cwd', 'buffer'));
  } catch {
    return shown;
  }
}

function hasReplacement(text: string): boolean {
  return text.includes(REPLACEMENT);
}

// A program may have changed what it was given: then Node's answer is the later one.
function original(shown: string, bytes: Buffer | undefined): string {
  return bytes !== undefined && bytes.toString() === shown ? byteText(bytes) : shown;
}

/** The records of a file of /proc, each of which ends with a NUL; none where it cannot be read. */
function recordsOf(file: string): readonly Buffer[] {
  const records: Buffer[] = [];
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return records;
  }
  for (let start = 0, end = bytes.indexOf(0); end !== -1; start = end + 1, end = bytes.indexOf(0, start))
    records.push(bytes.subarray(start, end));
  return records;
}
