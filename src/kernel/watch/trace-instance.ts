/** Instances of the kernel's event trace that are ours, by their names. */
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';

const PREFIX = 'kmodctl-';
const MOST_INSTANCES = 64;

/**
 * Makes an instance for this process.
 *
 * @param folder where tracefs is mounted
 * @returns its folder
 * @throws what mkdir throws
 */
export function makeInstance(folder: string): string {
  for (let number = 1; ; number++) {
    const instance = `${folder}/instances/${PREFIX}${process.pid}${number === 1 ? '' : `-${number}`}`;
    try {
      mkdirSync(instance);
      return instance;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === MOST_INSTANCES) throw error;
    }
  }
}

/**
 * Removes those that nobody has open: what a process or a thread that was killed has left. Whether a process with that number lives
 * says nothing: it may be another one, and in a container it often is this one.
 */
export function removeLeftInstances(folder: string): void {
  for (const name of readdirSync(`${folder}/instances`))
    if (new RegExp(`^${PREFIX}\\d+(?:-\\d+)?$`).test(name)) removeInstance(`${folder}/instances/${name}`);
}

/** Removes an instance, unless somebody has it open. */
export function removeInstance(instance: string): void {
  try {
    rmdirSync(instance);
  } catch {
    // It is in use, or somebody else has removed it.
  }
}
