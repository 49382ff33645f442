/** Runs a table of command lines with both sets of tools. */
import { isDeepStrictEqual } from 'node:util';

import type { HostRun, HostTree } from './host-tree.ts';

/** A line that ours does not answer as it should. */
export interface LineDeviation {
  readonly line: string;
  readonly ours: HostRun;
  readonly expected: Partial<HostRun>;
}

/** A difference of docs/compatibility.md. What is left out of `ours` is not looked at. */
export interface LineDifference {
  readonly line: string;
  /** Why, in a sentence. */
  readonly because: string;
  readonly ours: Partial<HostRun>;
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
  for (const { line, ours: expected } of differences) {
    const ours = await tree.ours(line);
    if (!isDeepStrictEqual({ ...ours, ...expected }, ours)) found.push({ line, ours, expected });
  }
  return found;
}
