import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { cacheDirectory } from '../packages/cache-directory.ts';
import type { AcceleratorChoice } from '../qemu/accelerator.ts';
import { VmError, type VmErrorCode } from '../vm-error.ts';

// A verdict holds for this boot of this host with this QEMU: another host kernel may do better.
interface Verdict {
  readonly bootId: string;
  readonly qemuVersion: string;
  readonly reason: string;
}

const verdictFile = (): string => join(cacheDirectory(), 'accelerator.json');

/** The choice, unless KVM has been found useless before on this host: then TCG with that reason. */
export async function rejectedAccelerator(
  choice: AcceleratorChoice,
  qemuVersion: string,
): Promise<AcceleratorChoice> {
  if (choice.accelerator === 'tcg' || choice.forced) return choice;
  try {
    const verdict = JSON.parse(await readFile(verdictFile(), 'utf8')) as Verdict;
    if (verdict.bootId === (await bootId()) && verdict.qemuVersion === qemuVersion)
      return { accelerator: 'tcg', reason: verdict.reason, forced: false };
  } catch {
    // no verdict, or none that can be read: it will be found out again
  }
  return choice;
}

/** Whether an error can come from KVM itself: the guest did not come up, or died on the way. */
export function mayBeAccelerator(error: unknown): boolean {
  return error instanceof VmError && guestFailures.has(error.code);
}

const guestFailures: ReadonlySet<VmErrorCode> = new Set<VmErrorCode>([
  'ERR_KMOD_VM_BOOT',
  'ERR_KMOD_VM_PANIC',
  'ERR_KMOD_VM_OOPS',
  'ERR_KMOD_VM_HUNG',
  'ERR_KMOD_VM_LOST',
]);

/** Records that a guest did not come up under KVM. Answers the choice to go on with. */
export async function rememberRejection(error: unknown, qemuVersion: string): Promise<AcceleratorChoice> {
  const words = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const reason = `the kernel did not come up under KVM (${words}), so TCG is used`;
  const verdict: Verdict = { bootId: await bootId(), qemuVersion, reason };
  await mkdir(cacheDirectory(), { recursive: true });
  await writeFile(verdictFile(), JSON.stringify(verdict));
  return { accelerator: 'tcg', reason, forced: false };
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
