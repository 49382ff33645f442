import { type KernelLocation, kernelPath } from './kernel-file.ts';
import { readKernelLog } from './kernel-log.ts';

/** How far the log's clock may be from the one that programs read, in microseconds. */
const CLOCK_TOLERANCE_US = 2_000_000;

const COMPLAINT =
  /^(?:decompression failed with status|not an? \w+ compressed module|failed to initialize decompressor|ZSTD-)/;

/** The time that the kernel log's records are marked with, in microseconds since boot, about. */
export function logClockUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/**
 * Whether the kernel log has a complaint about a module's compressed data since a time. Its lines do not say which module
 * they are about. False where the log cannot be read.
 *
 * @param sinceUs as {@link logClockUs} told it
 */
export function hasDecompressionComplaint(sinceUs: number, location: KernelLocation = {}): boolean {
  try {
    return readKernelLog(kernelPath(location, 'dev/kmsg')).some(
      ({ facility, timestampUs, message }) =>
        facility === 0 && timestampUs >= sinceUs - CLOCK_TOLERANCE_US && COMPLAINT.test(message),
    );
  } catch {
    return false;
  }
}
