import { shellWord } from '../errors/shell-word.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import type { LoadPlan } from '../plan/plan.ts';
import type { CauseCode } from './cause.ts';
import type { FindingList } from './finding-list.ts';
import { modulePattern } from './module-pattern.ts';

/** Looks at what a plan leaves out, runs in place of a load, or cannot do. */
export function checkPlan(list: FindingList, plan: LoadPlan, tree: ModuleTree): void {
  for (const { kind, module, origin, because } of plan.skipped)
    if (kind === 'blacklisted')
      list.add('config-blacklist', {
        text: `The configuration blacklists ${module}: asked for by an alias, it is left out.`,
        module,
        refused: because.kind === 'asked',
        evidence: [
          [`blacklist ${module}`, origin === null ? 'the configuration' : `${origin.file}:${origin.line}`],
        ],
        remedies: [
          `modprobe ${shellWord(module)}`,
          ...(origin === null ? [] : [unlistRemedy(module, origin)]),
        ],
      });
  for (const step of plan.steps) {
    if (step.action !== 'command') continue;
    const isDenial = isDenying(step.command);
    const isNothing = /^\s*(?:\/usr)?(?:\/bin\/)?(?:true|:)\s*;?\s*$/.test(step.command);
    list.add('install-command', {
      text: isDenial
        ? `The configuration forbids ${step.module}: in place of loading it, a command is run that fails.`
        : isNothing
          ? `The configuration runs a command that does nothing in place of loading ${step.module}.`
          : `The configuration runs a command in place of loading ${step.module}; what that does is not known before.`,
      module: step.module,
      confidence: isDenial || isNothing ? 'certain' : 'possible',
      refused: step.required && (isDenial || isNothing),
      evidence: [
        [`${step.directive} ${step.module} ${step.template}`, `${step.origin.file}:${step.origin.line}`],
      ],
      remedies: [
        `modprobe --ignore-install ${shellWord(step.module)}`,
        `$EDITOR ${shellWord(step.origin.file)}`,
      ],
    });
  }
  for (const { code, module, reason, path, errno, because } of plan.blocked) {
    const isFile = code === 'ERR_KMOD_MODULE_FILE';
    // What is wrong with the file asked for is told when it is read.
    if (isFile && because.kind === 'asked') continue;
    const cause = isFile && errno !== ENOENT ? 'file-unreadable' : causesOfObstacles[code];
    if (cause !== undefined && !list.findings.some((finding) => finding.cause === cause))
      list.add(cause, {
        text: reason,
        module,
        evidence: [[reason, path ?? 'the plan']],
        remedies: cause === 'file-missing' || cause === 'not-found' ? [tree.depmodCommand()] : [],
      });
  }
}

/** Whether a command can only fail; what stands behind `||` is for when something else did. */
function isDenying(command: string): boolean {
  return /(?:^|[\s/;])false\s*;?\s*$/.test(command) && !/\|\||!/.test(command);
}

/** How a blacklist line goes, in whatever spelling it has. */
export function unlistRemedy(module: string, { file }: TextOrigin): string {
  if (file.endsWith('/proc/cmdline'))
    return `Take ${module} off modprobe.blacklist= in the boot loader and boot again.`;
  const expression = String.raw`/^\s*blacklist\s+${modulePattern(module)}\s*$/d`;
  return `sed -i -E ${shellWord(expression)} ${shellWord(file)}`;
}

const ENOENT = -2;

const causesOfObstacles: Readonly<Record<string, CauseCode>> = {
  ERR_KMOD_MODULE_FILE: 'file-missing',
  ERR_KMOD_NOT_FOUND: 'not-found',
  ERR_KMOD_BLACKLISTED: 'config-blacklist',
  ERR_KMOD_ALREADY_LOADED: 'already-loaded',
  ERR_KMOD_COMMAND_LOOP: 'install-command',
  ERR_KMOD_DEPENDENCY_CYCLE: 'dependency-cycle',
};
