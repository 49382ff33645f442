import { type OnMalformed, parseLines } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line `MODULE NODE cMAJOR:MINOR` of `modules.devname`: a device node that loads the module when it is opened. */
export interface DeviceName {
  readonly module: string;
  /** Path of the node below `/dev`, for example `mapper/control`. */
  readonly node: string;
  readonly type: 'character' | 'block';
  readonly major: number;
  readonly minor: number;
  readonly origin: TextOrigin;
}

const LINE = /^([^ \t]+) ([^ \t]+) ([bc])(\d{1,9}):(\d{1,9})$/;

/**
 * The lines of a `modules.devname`.
 *
 * @param file path of the file, for the origins
 */
export function parseDeviceNames(
  text: string,
  file: string,
  onMalformed?: OnMalformed,
): readonly DeviceName[] {
  return parseLines(text, { file, onMalformed }, (line, origin) => {
    const [, module, node, letter, major, minor] = LINE.exec(line) ?? [];
    if (module === undefined || module.startsWith('#') || node === undefined) return undefined;
    const type = letter === 'b' ? 'block' : 'character';
    return { module, node, type, major: Number(major), minor: Number(minor), origin };
  });
}
