import { statSync } from 'node:fs';

/** Path, size, time and inode of a file: another text whenever the file has been written or replaced. */
export function fileStamp(path: string): string {
  const { size, mtimeMs, ino } = statSync(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}
