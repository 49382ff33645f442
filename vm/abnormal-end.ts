import type { ConsoleAlarm, GuestConsole } from './guest-console.ts';
import type { QemuExit } from './qemu/process.ts';
import { VmError, type VmErrorCode } from './vm-error.ts';

/** What was noticed when a guest was lost. */
export type AbnormalEnd = { readonly kind: 'alarm' } | { readonly kind: 'exit'; readonly exit: QemuExit };

const alarmCodes: Readonly<Record<ConsoleAlarm['kind'], VmErrorCode>> = {
  panic: 'ERR_KMOD_VM_PANIC',
  oops: 'ERR_KMOD_VM_OOPS',
  hung: 'ERR_KMOD_VM_HUNG',
  stalled: 'ERR_KMOD_VM_HUNG',
};

/** The error for a guest that was lost: what its kernel said last, or how QEMU ended. */
export function describeEnd(end: AbnormalEnd, console: GuestConsole): VmError {
  const details = { consoleTail: console.tail() };
  // An oops ends in a panic (oops=panic), and so does nothing else that came before: the first alarm is the cause.
  // A stall alone may have been outlived.
  const alarm = console.alarms.find(({ kind }) => kind !== 'stalled') ?? console.alarms[0];
  if (alarm) return new VmError(alarmCodes[alarm.kind], `The guest kernel reported: ${alarm.line}`, details);
  if (end.kind === 'alarm') return new VmError('ERR_KMOD_VM_LOST', 'The guest was lost.', details);
  return new VmError('ERR_KMOD_VM_LOST', exitText(end.exit), details);
}

/** How QEMU ended, in words. */
export function exitText({ code, signal, stderr }: QemuExit): string {
  const said = stderr.trim();
  const words = said === '' ? '' : ` It said: ${said.split('\n').slice(-3).join(' / ')}`;
  if (signal !== null) return `QEMU was killed by ${signal}.${words}`;
  if (code === 0) return `The guest switched itself off or restarted.${words}`;
  return `QEMU ended with status ${code}.${words}`;
}
