import { closeSync, constants, openSync, readSync } from 'node:fs';

/** One record of the kernel log. */
export interface KernelLogRecord {
  /** Syslog level: 0 emergency to 7 debug. */
  readonly level: number;
  /** Syslog facility: 0 for the kernel itself. */
  readonly facility: number;
  /** Number of the record since boot; gaps are records that were overwritten. */
  readonly sequence: number;
  /** Microseconds since boot. */
  readonly timestampUs: number;
  /** The text, which may have several lines. */
  readonly message: string;
  /** Key and value pairs that go with it, such as SUBSYSTEM and DEVICE. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Longest record that /dev/kmsg gives, in bytes (CONSOLE_EXT_LOG_MAX of the kernel). */
const LONGEST_RECORD = 8192;

/**
 * The kernel log, oldest record first, from /dev/kmsg. Records that are overwritten while it is read are left out.
 *
 * @throws Error (Node's) EACCES or EPERM without the right to read it (dmesg_restrict)
 */
export function readKernelLog(path = '/dev/kmsg'): readonly KernelLogRecord[] {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readKernelLogFrom(fd);
  } finally {
    closeSync(fd);
  }
}

/** The records from where an open /dev/kmsg stands to the log's end. */
export function readKernelLogFrom(fd: number): readonly KernelLogRecord[] {
  const buffer = Buffer.alloc(LONGEST_RECORD);
  const records: KernelLogRecord[] = [];
  for (;;) {
    const length = readRecord(fd, buffer);
    if (length === 0) return records;
    const record =
      length === undefined ? undefined : parseKernelLogRecord(buffer.toString('utf8', 0, length));
    if (record) records.push(record);
  }
}

// 0 at the end; undefined for a record that was overwritten before it could be read (EPIPE).
function readRecord(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 0;
    if (code === 'EPIPE') return undefined;
    throw error;
  }
}

/**
 * Takes one record apart: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT`, then lines ` KEY=VALUE`. Bytes that are not
 * printable come as `\xNN` and are turned back. Undefined for text of another form.
 */
export function parseKernelLogRecord(text: string): KernelLogRecord | undefined {
  const match = /^(\d+),(\d+),(\d+),[^;]*;([^\n]*)\n?([^]*)$/.exec(text);
  if (!match) return undefined;
  const [, priority = '', sequence = '', time = '', message = '', rest = ''] = match;
  const properties = rest
    .split('\n')
    .filter((line) => line.startsWith(' ') && line.includes('='))
    .map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(1, at), unescape(line.slice(at + 1))];
    });
  return {
    level: Number(priority) & 7,
    facility: Number(priority) >> 3,
    sequence: Number(sequence),
    timestampUs: Number(time),
    message: unescape(message),
    properties: Object.fromEntries(properties),
  };
}

function unescape(text: string): string {
  if (!text.includes(String.raw`\x`)) return text;
  const bytes = text.replaceAll(/\\x([0-9a-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
