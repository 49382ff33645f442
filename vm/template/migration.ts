import { setTimeout as sleep } from 'node:timers/promises';

import type { QmpConnection } from '../qemu/qmp.ts';

/**
 * Leaves the memory out of a saved state, and where it is: in the file behind it. What remains is the devices, 0.4 MB
 * and 20 ms. To be called on both sides.
 */
export async function ignoreSharedMemory(control: QmpConnection): Promise<void> {
  const capabilities = [{ capability: 'x-ignore-shared', state: true }];
  await control.execute('migrate-set-capabilities', { capabilities });
}

/** Waits until a state is saved or taken over. */
export async function migrated(control: QmpConnection): Promise<void> {
  for (;;) {
    const answer = (await control.execute('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (answer.status === 'completed') return;
    if (answer.status === 'failed' || answer.status === 'cancelled')
      throw new Error(
        `the migration of the guest's state ${answer.status}: ${answer['error-desc'] ?? 'no reason given'}`,
      );
    await sleep(2);
  }
}
