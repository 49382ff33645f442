import type { UseScene } from './use-scene.ts';

/** The protocols that the module has registered, by the kernel's list of them with the module of each. */
export function protocolsOf({ view, module }: UseScene): ReadonlySet<string> {
  const [header = '', ...lines] = view.lines('proc/net/protocols');
  const column = header.split(/\s+/).indexOf('module');
  const rows = lines.map((line) => line.split(/\s+/)).filter((row) => row[column] === module);
  return new Set(rows.map(([name = '']) => name));
}
