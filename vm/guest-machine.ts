import { type AbnormalEnd, describeEnd } from './abnormal-end.ts';
import { GuestConnection } from './guest-connection.ts';
import { type ConsoleAlarm, GuestConsole } from './guest-console.ts';
import { elapsed } from './patience.ts';
import type { QemuProcess } from './qemu/process.ts';
import { VmError } from './vm-error.ts';

/** How long the console is read on after an alarm, for the rest of the kernel's report, in milliseconds. */
const REPORT_TIME_MS = 500;

/** How long a guest that reported a stall may take for a sign of life, in milliseconds. */
const STALL_PATIENCE_MS = 20_000;
/** The same while it boots. */
const BOOT_STALL_PATIENCE_MS = 60_000;
/** A kernel that still hangs repeats its report, after two seconds at the earliest and a few minutes at the latest. */
const REPEATED_AFTER_MS = 2000;
const REPEATED_WITHIN_MS = 180_000;

/** A QEMU with its console and its connection to the agent; knows when the guest is lost. */
export class GuestMachine {
  readonly qemu: QemuProcess;
  readonly console: GuestConsole;
  readonly connection: GuestConnection;
  /** Rejects with the reason when the guest is lost, at once; never resolves. */
  readonly lost: Promise<never>;
  private failure: Error | undefined;
  /** When a stall was last dismissed, by `performance.now()`. */
  private dismissedAt = -Infinity;
  private readonly stallPatience: number;
  private reject: (error: Error) => void = () => {};

  /** @param channel what a clone's agent talks over; undefined for a guest that boots */
  constructor(qemu: QemuProcess, consoleBefore: string, channel: 'agent' | 'fallback' | undefined) {
    this.qemu = qemu;
    this.console = new GuestConsole(qemu.console, consoleBefore);
    this.connection = new GuestConnection({ agent: qemu.agent, fallback: qemu.fallback }, channel);
    this.lost = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    this.lost.catch(() => {}); // seen by whoever races against it
    this.stallPatience = channel === undefined ? BOOT_STALL_PATIENCE_MS : STALL_PATIENCE_MS;
    this.console.onAlarm((alarm) => {
      if (alarm.kind === 'stalled') void this.question(alarm);
      else this.endAfterReport();
    });
    void qemu.exited.then((exit) => {
      this.end({ kind: 'exit', exit });
    });
  }

  /** The failure that ended this machine, if any. */
  get failed(): Error | undefined {
    return this.failure;
  }

  /** Ends the machine with an error, which everything under way then rejects with. The first error stays. */
  fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.connection.fail(error);
    this.reject(error);
    void this.qemu.kill();
  }

  /** Ends the machine without a failure, and waits until QEMU is gone. */
  async stop(): Promise<void> {
    this.fail(new VmError('ERR_KMOD_VM_STOPPED', 'The VM has been stopped.'));
    await this.qemu.exited;
  }

  // A host that was paused, or had no time for QEMU, makes every kernel find that nothing ran on its processors for long.
  // Such a guest goes on; one that does not answer, or reports again, hangs.
  private async question(alarm: ConsoleAlarm): Promise<void> {
    const sinceDismissed = performance.now() - this.dismissedAt;
    if (sinceDismissed > REPEATED_AFTER_MS && sinceDismissed < REPEATED_WITHIN_MS) {
      this.endAfterReport();
      return;
    }
    const ended = new AbortController();
    const alive = await Promise.race([
      this.connection.signOfLife().then(() => true),
      this.lost,
      elapsed(this.stallPatience, ended.signal).then(() => false),
    ]).catch(() => true); // lost for another reason
    ended.abort();
    if (!alive) {
      this.end({ kind: 'alarm' });
      return;
    }
    this.console.dismiss(alarm);
    this.dismissedAt = performance.now();
  }

  private endAfterReport(): void {
    setTimeout(() => {
      this.end({ kind: 'alarm' });
    }, REPORT_TIME_MS).unref();
  }

  private end(end: AbnormalEnd): void {
    if (!this.failure) this.fail(describeEnd(end, this.console));
  }
}
