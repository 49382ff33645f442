import { helpText } from './manual.ts';
import { modprobeManual } from './modprobe-manual.ts';

/** What `modprobe --help` prints. */
export function modprobeHelp(program: string): string {
  return helpText(modprobeManual, program);
}
