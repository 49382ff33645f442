/** Runs a table of command lines with both sets of tools. */
import { isDeepStrictEqual } from 'node:util';

import type { HostRun, HostTree } from './host-tree.ts';

/** A line that ours does not answer as it should. */
export interface LineDeviation {
  readonly line: string;
  readonly ours: HostRun;
  readonly expected: Partial<HostRun>;
}

/** A difference of docs/compatibility.md. */
export interface LineDifference {
  readonly line: string;
  /** Why, in a sentence. */
  readonly because: string;
  /** What ours does without `--compat=kmod`. What is left out is not looked at; `BASE` stands for the folder. */
  readonly ours: Partial<HostRun>;
  /** For messages with the kernel's answer, which is not the same on every host. */
  readonly message?: RegExp;
  /** For output of which a part differs. */
  readonly output?: RegExp;
}

/** The lines that ours does not answer as kmod does. */
export async function deviations(
  tree: HostTree,
  lines: readonly string[],
  compat = false,
): Promise<LineDeviation[]> {
  const found: LineDeviation[] = [];
  for (const line of lines) {
    const expected = tree.theirs(line);
    const ours = await tree.ours(line, compat);
    if (!isDeepStrictEqual(ours, expected)) found.push({ line, ours, expected });
  }
  return found;
}

/** The lines that ours does not answer as kmod does with `--compat=kmod`, and as it is to do without. */
export async function differenceDeviations(
  tree: HostTree,
  differences: readonly LineDifference[],
): Promise<LineDeviation[]> {
  const found = await deviations(
    tree,
    differences.map(({ line }) => line),
    true,
  );
  for (const { line, ours: wanted, message, output } of differences) {
    const ours = await tree.ours(line);
    const expected = Object.fromEntries(
      Object.entries(wanted).map(([key, value]) => [
        key,
        typeof value === 'string' ? value.replaceAll('BASE', tree.base) : value,
      ]),
    );
    if (
      !isDeepStrictEqual({ ...ours, ...expected }, ours) ||
      message?.test(ours.stderr) === false ||
      output?.test(ours.stdout) === false
    )
      found.push({ line, ours, expected });
  }
  return found;
}
