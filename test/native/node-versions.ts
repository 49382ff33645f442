import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { runChild } from './child-process.ts';

/** The Node versions that the addon has to work on. */
export const supportedMajors = [20, 22, 24, 26] as const;

const found = new Map<number, Promise<string>>();

/** Path of a Node binary of the given major version: this one, or one from the npm package of Node's binaries. */
export function nodeBinary(major: number): Promise<string> {
  const binary = found.get(major) ?? findBinary(major);
  found.set(major, binary);
  return binary;
}

async function findBinary(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const packageName = `node-linux-${process.arch}`;
  const folder = join(cacheFolder(), 'node', String(major));
  const binary = join(folder, 'node_modules', packageName, 'bin', 'node');
  if (!existsSync(binary)) await fetchPackage(`${packageName}@${major}`, folder);
  if (!existsSync(binary)) throw new Error(`${packageName}@${major} was installed, but ${binary} is missing`);
  return binary;
}

function cacheFolder(): string {
  return process.env['KMODCTL_CACHE'] ?? join(homedir(), '.cache', 'kmodctl');
}

// Renamed when complete: an interrupted or parallel fetch leaves nothing half done.
async function fetchPackage(wanted: string, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  const args = ['install', '--prefix', draft, '--no-save', '--ignore-scripts', wanted];
  try {
    const end = await runChild('npm', args, { timeout: 100_000 });
    if (end.code !== 0)
      throw new Error(
        `The tests need ${wanted} from the npm registry (network, or "npm install --prefix ${folder} --no-save ${wanted}" beforehand):\n${end.stderr}`,
      );
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another run was first
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
