import { readKernelLog } from '../../kernel/kernel-log.ts';
import { modulePattern } from '../module-pattern.ts';
import { type LoadReason, reasonOf } from './load-reason.ts';
import type { ReasonScene } from './reason-scene.ts';

const KERNEL_LOG = 'kernel log (/dev/kmsg)';
/** How many lines are shown. */
const MOST_LINES = 5;

/** Texts of the kernel log that name the module, oldest first. */
export function logLinesOf(scene: ReasonScene): readonly string[] {
  const { view, module, unknown } = scene;
  let texts: readonly string[];
  try {
    if (!view.exists('dev/kmsg')) return [];
    texts = readKernelLog(view.path('dev/kmsg')).map(({ message }) => message);
  } catch {
    unknown.add('The kernel log was not readable: root may read it (dmesg).');
    return [];
  }
  const name = modulePattern(module);
  const pattern = new RegExp(
    String.raw`(?:^${name}:)|(?:\b(?:module|name="|request for module|modprobe:?) ?"?${name}\b)`,
  );
  return texts.filter((text) => pattern.test(text));
}

/** What the kernel log says of who asked: kernels that log duplicate requests, and the audit records of loads. */
export function logReasons(scene: ReasonScene): readonly LoadReason[] {
  const lines = logLinesOf(scene).filter((text) => /duplicate request for module|type=1330/.test(text));
  if (lines.length === 0) return [];
  return [
    reasonOf(
      'kernel-log',
      'likely',
      'The kernel log has a request for it or its load.',
      lines.slice(-MOST_LINES).map((line) => [line, KERNEL_LOG]),
    ),
  ];
}

/** The last lines of the log on the module, as evidence. */
export function lastLogLines(scene: ReasonScene): readonly (readonly [string, string])[] {
  return logLinesOf(scene)
    .slice(-MOST_LINES)
    .map((line) => [line, KERNEL_LOG]);
}
