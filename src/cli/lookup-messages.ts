import { normalizeAlias } from '../index-files/module-name.ts';
import type { LoadPlan } from '../plan/plan.ts';
import type { ModprobeCall } from './modprobe-call.ts';

/** What libkmod says of names in the configuration, before anything is done. */
export function tellLookups({ messages, arguments: given }: ModprobeCall, { skipped }: LoadPlan): void {
  for (const { kind, module, reason, because, origin } of skipped) {
    if (kind === 'option') messages.warning(`${origin?.file}:${origin?.line}: ${reason}`);
    if (kind === 'off') messages.info(reason);
    if (kind === 'unknown' && because.kind !== 'softdep') messages.info(`${module}: ${reason}`);
    if (kind === 'unknown' && because.kind === 'softdep' && normalizeAlias(module) === undefined)
      messages.error(`failed to lookup dependency '${module}', continuing anyway.`);
    // kmod meets the line of modules.dep twice.
    if (kind === 'clash') for (let time = 0; time < 2; time++) messages.error(reason);
    if (kind === 'no-file' && !given.dryRun) messages.error(noFileText(module));
  }
}

/** What libkmod says where an alias leads to a module that has no file. */
export function noFileText(module: string): string {
  return `could not find module by name='${module}'`;
}
