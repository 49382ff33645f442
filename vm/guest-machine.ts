import { type AbnormalEnd, describeEnd } from './abnormal-end.ts';
import { GuestConnection } from './guest-connection.ts';
import { GuestConsole } from './guest-console.ts';
import type { QemuProcess } from './qemu/process.ts';
import { VmError } from './vm-error.ts';

/** How long the console is read on after an alarm, for the rest of the kernel's report, in milliseconds. */
const REPORT_TIME_MS = 500;

/** A QEMU with its console and its connection to the agent; knows when the guest is lost. */
export class GuestMachine {
  readonly qemu: QemuProcess;
  readonly console: GuestConsole;
  readonly connection: GuestConnection;
  /** Rejects with the reason when the guest is lost, at once; never resolves. */
  readonly lost: Promise<never>;
  private failure: Error | undefined;
  private reject: (error: Error) => void = () => {};

  constructor(qemu: QemuProcess, consoleBefore: string, channel: 'agent' | 'fallback') {
    this.qemu = qemu;
    this.console = new GuestConsole(qemu.console, consoleBefore);
    this.connection = new GuestConnection({ agent: qemu.agent, fallback: qemu.fallback }, channel);
    this.lost = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    this.lost.catch(() => {}); // seen by whoever races against it
    this.console.onAlarm(() => {
      setTimeout(() => {
        this.end({ kind: 'alarm' });
      }, REPORT_TIME_MS).unref();
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

  private end(end: AbnormalEnd): void {
    if (!this.failure) this.fail(describeEnd(end, this.console));
  }
}
