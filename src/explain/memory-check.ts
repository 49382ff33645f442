import { type KernelLocation, kernelPath, readKernelText } from '../kernel/kernel-file.ts';
import type { ElfImage } from '../module-file/elf-image.ts';
import { SHF_ALLOC } from '../module-file/elf-layout.ts';
import type { FindingList } from './finding-list.ts';

/** No machine has less; the memory is not even looked up for smaller modules. */
const SMALL = 16 * 2 ** 20;

/** Looks whether a module has a section that is larger than the memory: the kernel does not even try then. */
export function checkMemory(list: FindingList, image: ElfImage, kernel: KernelLocation): void {
  const large = image
    .sections()
    .filter(({ flags, size }) => (flags & SHF_ALLOC) !== 0 && size > SMALL)
    .toSorted((a, b) => b.size - a.size)[0];
  if (large === undefined) return;
  const memory = memoryTotal(kernel);
  if (memory === undefined || large.size <= memory) return;
  list.add('no-memory', {
    text: `The module has ${large.size} bytes in its section ${large.name}, and the machine has ${memory} bytes of memory.`,
    errno: 'ENOMEM',
    evidence: [
      [`${large.size} bytes`, `${image.path}, section ${large.name}`],
      [`MemTotal is ${memory / 1024} kB`, '/proc/meminfo'],
    ],
    remedies: ['free -m'],
  });
}

/** The machine's memory in bytes; undefined where it cannot be read. */
function memoryTotal(kernel: KernelLocation): number | undefined {
  try {
    const text = readKernelText(kernelPath(kernel, 'proc/meminfo'))?.text ?? '';
    const kilobytes = /^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
