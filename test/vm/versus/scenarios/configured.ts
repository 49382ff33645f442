/** Shorthands for scenarios with a configuration. */

/** A file of /etc/modprobe.d with these lines. */
export function conf(...lines: readonly string[]): Readonly<Record<string, string>> {
  return { '/etc/modprobe.d/test.conf': `${lines.join('\n')}\n` };
}
