/** Where a record of a text file is from. */
export interface TextOrigin {
  /** Path of the file. */
  readonly file: string;
  /** Number of the line, from 1. */
  readonly line: number;
}
