import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { moduleName } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadedModule, ModuleState } from '../kernel/loaded-module.ts';
import { loadedModules, loadedState } from '../kernel/loaded-modules.ts';
import { hasModuleFolder, isModuleListVisible, isShownAsBuiltin } from '../kernel/module-state.ts';
import type { KernelQuestions } from '../native/kernel-questions.ts';
import { lookUpName } from '../plan/lookup.ts';
import type { Inquiry } from './inquiry.ts';
import { deviceReasons } from './reasons/device-reasons.ts';
import { type LoadReason, rankReasons, reasonOf } from './reasons/load-reason.ts';
import { logReasons } from './reasons/log-reasons.ts';
import { ReasonScene } from './reasons/reason-scene.ts';
import { requestReasons } from './reasons/request-reasons.ts';
import { ruleReasons, startReasons } from './reasons/rule-reasons.ts';
import { type ModuleUses, usesOfModule } from './uses/module-uses.ts';

/** Why a module is there, and what keeps it. */
export interface ModuleAccount extends ModuleUses {
  /** As asked for. */
  readonly subject: string;
  /** The kernel's name of the module. */
  readonly module: string;
  readonly release: string;
  readonly state: ModuleState | 'built-in' | 'not-loaded';
  /** Whether it has no exit function, so that the kernel never unloads it. */
  readonly permanent: boolean;
  /** What asks for it, the most certain first. Of a module that is not loaded, what would. */
  readonly reasons: readonly LoadReason[];
}

/** Whom an account is of, and where it is looked for. */
export interface AccountQuestion {
  /** Name of a module or an alias. */
  readonly asked: string;
  readonly tree: ModuleTree;
  readonly configuration: ModprobeConfiguration;
  readonly kernel: KernelLocation;
  /** Folder in place of `/` for files of configuration; empty for the real one. */
  readonly root: string;
  /** What asks the running kernel, where `kernel` is that one; undefined where files alone are to tell. */
  readonly questions: KernelQuestions | undefined;
}

/** Finds out why a module is there and what keeps it. */
export function* accountOf(question: AccountQuestion): Inquiry<ModuleAccount> {
  const { asked, tree, kernel } = question;
  const loaded = loadedModules(kernel);
  const module = moduleOf(question, loaded);
  const entry = loaded.find(({ name }) => name === module);
  const state = stateOf(module, question);
  const uses = yield* usesOfModule(module, question);
  const scene = new ReasonScene({ ...question, module, loaded });
  const asking = yield* askingReasons(scene, uses);
  const reasons =
    state === 'built-in'
      ? [builtinReason(module, question)]
      : asking.some(({ confidence }) => confidence !== 'possible') || state === 'not-loaded'
        ? asking
        : [...asking, unasked];
  return {
    subject: asked,
    module,
    release: tree.release,
    state,
    permanent: entry?.permanent ?? false,
    reasons: rankReasons(reasons),
    ...uses,
    unknown: [...(isModuleListVisible(kernel) ? [] : [NO_SYS]), ...uses.unknown, ...scene.unknown],
  };
}

/** All that asks for a module, or would. */
export function* askingReasons(
  scene: ReasonScene,
  { uses }: Pick<ModuleUses, 'uses'>,
): Inquiry<readonly LoadReason[]> {
  yield { kind: 'pause' };
  const rules = [...ruleReasons(scene), ...startReasons(scene)];
  yield { kind: 'pause' };
  const devices = yield* deviceReasons(scene);
  const found = [...rules, ...devices, ...requestReasons(scene, uses), ...logReasons(scene)];
  for (const file of scene.view.denied) scene.unknown.add(`${file} was not readable: root may read it.`);
  return found;
}

const NO_SYS =
  'There is no /sys/module: uses and devices are not to be seen without it (mount -t sysfs sysfs /sys).';

const unasked: LoadReason = reasonOf(
  'unasked',
  'possible',
  'Nothing that is seen on this system asks for it: it was loaded by hand, or by something that is gone or leaves no trace.',
  [],
);

/**
 * The kernel's name of the module that is asked about: a loaded one of that name, or what modprobe takes the name for.
 *
 * @throws KmodError `ERR_KMOD_NOT_FOUND` when neither is known
 */
export function moduleOf(
  { asked, tree, configuration, kernel }: Omit<AccountQuestion, 'root' | 'questions'>,
  loaded: readonly LoadedModule[],
): string {
  const present = presentName(asked, kernel, loaded);
  if (present !== undefined) return present;
  const [first] = readable(() => lookUpName(tree, asked, configuration));
  if (first !== undefined) return first.module;
  throw new KmodError(
    'ERR_KMOD_NOT_FOUND',
    `No module of the name ${asked} is loaded or in ${tree.directory}. kmodctl doctor ${shellWord(asked)} tells more.`,
    { module: asked, path: tree.directory },
  );
}

/** The kernel's name of what is asked for, where the kernel has something of that name. */
export function presentName(
  asked: string,
  kernel: KernelLocation,
  loaded: readonly LoadedModule[],
): string | undefined {
  const name = moduleName(asked);
  const isThere = loaded.some((module) => module.name === name) || hasModuleFolder(name, kernel);
  return isThere && name !== '' ? name : undefined;
}

/** Indexes that cannot be read have no say on what is loaded. */
function readable<Result>(look: () => readonly Result[]): readonly Result[] {
  try {
    return look();
  } catch (error) {
    if (error instanceof KmodError) return [];
    throw error;
  }
}

/** Where the module is in its life, parts of the kernel included. */
export function stateOf(
  module: string,
  { tree, kernel }: Pick<AccountQuestion, 'tree' | 'kernel'>,
): ModuleAccount['state'] {
  const state = loadedState(module, kernel);
  if (state !== undefined) return state;
  const isBuiltin =
    isShownAsBuiltin(module, kernel) || readable(() => (tree.isBuiltin(module) ? [true] : [])).length > 0;
  return isBuiltin ? 'built-in' : 'not-loaded';
}

function builtinReason(module: string, { tree, kernel }: AccountQuestion): LoadReason {
  return reasonOf(
    'builtin',
    'certain',
    'It is part of the kernel, so nothing had to load it and nothing can unload it.',
    [
      isShownAsBuiltin(module, kernel)
        ? ['is there, without holders', `/sys/module/${module}`]
        : [module, `${tree.directory}/modules.builtin`],
    ],
  );
}
