import { moduleNameOfPath } from '../index-files/module-name.ts';
import { kernelCompression } from '../kernel/module-state.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { chooseCall } from './module-compression.ts';
import type { LoadPlan, StepReason } from './plan.ts';

/**
 * The plan of a single file, with no regard to what is loaded and what it needs: what insmod does.
 *
 * @param compat chooses the call as kmod does. Default false
 */
export function planInsert(
  path: string,
  parameters: string,
  kernel: KernelLocation = {},
  compat = false,
): LoadPlan {
  const module = moduleNameOfPath(path);
  const { call, obstacle } = chooseCall(path, () => kernelCompression(kernel), compat);
  const because: StepReason = { kind: 'asked' };
  const options = parameters === '' ? [] : [{ text: parameters, origin: null }];
  return {
    kind: 'load',
    targets: [{ asked: path, module, by: 'path', alias: null, origin: null }],
    steps: [{ action: 'insert', module, path, parameters, options, call, because, required: true }],
    blocked: obstacle === undefined ? [] : [{ module, path, holders: [], because, ...obstacle }],
    tolerated: [],
    skipped: [],
  };
}
