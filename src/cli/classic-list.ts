/** /proc/modules and lsmod in the look of Linux 2.4. */
import { readAutocleanMarks } from '../execute/autoclean-marks.ts';
import { kernelPath, type KernelLocation, readKernelText } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';

/** Letters of the kernel's taints, in the order of their bits. */
const TAINTS = 'PFSRMBUDAWCIOELKXTN';

/** The list as lsmod of modutils 2.4 printed it. */
export function classicList(modules: readonly LoadedModule[], kernel: KernelLocation): string {
  const marks = readAutocleanMarks(kernel);
  const lines = modules.map((module) => classicLine(module, marks.has(module.name)));
  return `Module                  Size  Used by${taintText(kernel)}\n${lines.join('')}`;
}

function taintText(kernel: KernelLocation): string {
  const text = readKernelText(kernelPath(kernel, 'proc/sys/kernel/tainted'))?.text.trim() ?? '';
  if (!/^\d+$/.test(text)) return '';
  const mask = Number(text);
  const letters = TAINTS.replaceAll(/./g, (letter, bit: number) =>
    Math.floor(mask / 2 ** bit) % 2 === 1 ? letter : '',
  );
  return mask === 0 ? '    Not tainted' : `    Tainted: ${letters}`;
}

/**
 * A line of /proc/modules of 2.4: the count of uses is that of users which are no modules, as modules stood in brackets
 * and were not counted. `(unused)` was for modules that nothing had used since they were loaded; no kernel keeps that any
 * more, and it says here that nothing uses the module now, and that it is not to go by itself.
 */
function classicLine(module: LoadedModule, isMarked: boolean): string {
  const { name, size, users, state } = module;
  const start = `${name.padEnd(20)}${String(size).padStart(8)}`;
  const references = users.length === 0 ? '' : ` [${users.join(' ')}]`;
  if (state === 'coming') return `${start} (initializing)${references}\n`;
  const count = useCount(module);
  return `${start}${String(count).padStart(4)}${markText(module, count, isMarked)}${references}\n`;
}

function useCount({ refcount, users }: LoadedModule): number {
  return refcount === null ? -1 : Math.max(refcount - users.length, 0);
}

function markText({ users, state, permanent }: LoadedModule, count: number, isMarked: boolean): string {
  if (state === 'going') return ' (deleted)';
  if (isMarked) return ' (autoclean)';
  return count === 0 && users.length === 0 && !permanent ? ' (unused)' : '';
}
