import type { Obstacle } from './plan.ts';

/** A line for each obstacle; files with a compression that the kernel lacks, which are many or none, share one. */
export function obstacleLines(blocked: readonly Obstacle[]): readonly string[] {
  const packed = blocked.filter(({ code }) => code === 'ERR_KMOD_COMPRESSION');
  return blocked.flatMap((obstacle) => {
    const [first, ...others] = packed;
    if (obstacle.code !== 'ERR_KMOD_COMPRESSION' || first === undefined || others.length === 0)
      return [obstacle.reason];
    if (obstacle !== first) return [];
    return [`${obstacle.reason} The same goes for: ${others.map(({ module }) => module).join(' ')}.`];
  });
}
