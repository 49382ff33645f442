import { type IndexOutput, textOutput } from './index-output.ts';
import type { ModuleIndexData } from './module-index-data.ts';

/** `modules.softdep` and `modules.weakdep`, in the words of modprobe.d(5). */
export function softDependencyFiles({ names, contributions }: ModuleIndexData): readonly IndexOutput[] {
  const soft = ['# Soft dependencies extracted from modules themselves.\n'];
  const weak = ['# Weak dependencies extracted from modules themselves.\n'];
  for (const [module, contribution] of contributions.entries()) {
    if (contribution === undefined) continue;
    const name = names[module] ?? '';
    for (const value of contribution.softDependencies) soft.push(`softdep ${name} ${value}\n`);
    for (const value of contribution.weakDependencies) weak.push(`weakdep ${name} ${value}\n`);
  }
  return [textOutput('modules.softdep', soft), textOutput('modules.weakdep', weak)];
}
