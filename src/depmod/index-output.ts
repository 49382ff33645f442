/** A file that depmod writes. */
export interface IndexOutput {
  /** Name in the folder of the release, for example `modules.dep`. */
  readonly name: string;
  readonly content: Buffer;
}

/** A text of characters that stand for one byte each, as a file. */
export function textOutput(name: string, lines: readonly string[]): IndexOutput {
  return { name, content: Buffer.from(lines.join(''), 'latin1') };
}
