import type { TextOrigin } from '../../index-files/text-origin.ts';

/** Where a record of a modules.conf is from; `line` is the last of its physical lines. */
export interface ConfOrigin extends TextOrigin {
  /** Number of the first of its physical lines, from 1. */
  readonly firstLine: number;
}

/** `FILE:LINE` or `FILE:FIRST-LAST`. */
export function originText({ file, firstLine, line }: ConfOrigin): string {
  return firstLine === line ? `${file}:${line}` : `${file}:${firstLine}-${line}`;
}
