import { shellWord } from '../errors/shell-word.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { isShownAsBuiltin, moduleState } from '../kernel/module-state.ts';
import type { FindingList } from './finding-list.ts';

/** Where names are looked for. */
export interface NamePlace {
  readonly tree: ModuleTree;
  readonly kernel: KernelLocation;
  /** Whether the kernel that is meant is running. */
  readonly isRunning: boolean;
}

/** Whether the kernel has something of that name already: a file brings its own name along. */
export function checkName(list: FindingList, module: string, { tree, kernel, isRunning }: NamePlace): void {
  const folder = `/sys/module/${module}`;
  const state = isRunning ? moduleState(module, kernel) : undefined;
  if (state === 'live')
    list.add('already-loaded', {
      text: `A module of the name ${module} is loaded.`,
      errno: 'EEXIST',
      evidence: [['live', `${folder}/initstate`]],
      remedies: [`rmmod ${shellWord(module)}`],
    });
  else if (state !== undefined)
    list.add(state === 'coming' ? 'being-loaded' : 'being-unloaded', {
      text: `A module of the name ${module} is being ${state === 'coming' ? 'loaded' : 'unloaded'} now.`,
      errno: 'EBUSY',
      confidence: 'likely',
      evidence: [[state, `${folder}/initstate`]],
    });
  else if (isRunning && isShownAsBuiltin(module, kernel))
    list.add('built-in-name', {
      text: `A module of the name ${module} is part of the running kernel.`,
      errno: 'EINVAL',
      evidence: [['is there, without holders', folder]],
      remedies: ['Rename the module in its Makefile.'],
    });
  // In a running kernel it is the folder that stands in the way.
  else if (!isRunning && tree.isBuiltin(module))
    list.add('built-in-name', {
      text: `A module of the name ${module} is part of the kernel ${tree.release}.`,
      errno: 'EINVAL',
      confidence: 'likely',
      evidence: [[`names ${module}`, `${tree.directory}/modules.builtin.bin`]],
      remedies: ['Rename the module in its Makefile.'],
    });
}
