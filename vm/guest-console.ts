import type { Readable } from 'node:stream';

/** Something on the console that ends a guest, or should. */
export interface ConsoleAlarm {
  /** `stalled`: nothing ran on a processor for a while, which the guest may have outlived. */
  readonly kind: 'panic' | 'oops' | 'hung' | 'stalled';
  readonly line: string;
}

// Only lines with the kernel's time stamp: a program in the guest may print such words too.
const kernelLine = /\[\s*\d+\.\d{6}\](?<text>.*)/;

const alarms: readonly (readonly [kind: ConsoleAlarm['kind'], pattern: RegExp])[] = [
  ['panic', /Kernel panic - not syncing/],
  ['stalled', /BUG: soft lockup|rcu: INFO: rcu_\w+ (?:self-)?detected/],
  ['hung', /blocked for more than \d+ seconds/],
  ['oops', /\bBUG: |\bOops: |general protection fault|kernel BUG at /],
];

/** Longest text kept, in characters: the beginning is dropped beyond it. */
const KEPT = 4 * 1024 * 1024;

/** Most lines shown of a report that the kernel made of its own end. */
const LONGEST_REPORT = 200;

/** Collects a guest's console and watches it for the kernel's last words. */
export class GuestConsole {
  private text = '';
  private partial = '';
  private readonly listeners = new Set<(alarm: ConsoleAlarm) => void>();
  private standing: readonly ConsoleAlarm[] = [];

  /** @param before what the console showed before this guest was cloned */
  constructor(stream: Readable, before = '') {
    this.text = before;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.receive(chunk);
    });
  }

  /** Everything so far, without carriage returns. */
  contents(): string {
    return this.text;
  }

  /** The last lines that are not empty, oldest first: from ten before the first alarm on, if there was one. */
  tail(lines = 30): readonly string[] {
    const all = this.text.split('\n').filter((line) => line.trim() !== '');
    const [alarm] = this.standing;
    const at = alarm === undefined ? -1 : all.findIndex((line) => line.trim() === alarm.line);
    return at === -1 ? all.slice(-lines) : all.slice(Math.max(0, at - 10)).slice(0, LONGEST_REPORT);
  }

  /** Alarms so far, oldest first, without those that were dismissed. */
  get alarms(): readonly ConsoleAlarm[] {
    return this.standing;
  }

  /** Forgets an alarm that turned out to be none. */
  dismiss(alarm: ConsoleAlarm): void {
    this.standing = this.standing.filter((other) => other !== alarm);
  }

  /** Calls back for every alarm from now on. Answers a function that ends it. */
  onAlarm(listener: (alarm: ConsoleAlarm) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private receive(chunk: string): void {
    const clean = chunk.replaceAll('\r', '');
    this.text = (this.text + clean).slice(-KEPT);
    const lines = (this.partial + clean).split('\n');
    this.partial = lines.pop() ?? '';
    for (const line of lines) this.inspect(line);
  }

  private inspect(line: string): void {
    const text = kernelLine.exec(line)?.groups?.['text'];
    if (text === undefined) return;
    const kind = alarms.find(([, pattern]) => pattern.test(text))?.[0];
    if (kind === undefined) return;
    const alarm = { kind, line: line.trim() };
    this.standing = [...this.standing, alarm];
    for (const listener of this.listeners) listener(alarm);
  }
}
