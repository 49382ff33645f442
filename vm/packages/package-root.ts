import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let root: string | undefined;

/** The folder of this package, both from `dist/` and from a bundle. */
export function packageRoot(): string {
  root ??= findUpwards(import.meta.dirname, 'vm/kernels.json');
  return root;
}

function findUpwards(start: string, file: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, file))) return directory;
    if (directory === dirname(directory)) throw new Error(`${file} was not found above ${start}`);
  }
}
