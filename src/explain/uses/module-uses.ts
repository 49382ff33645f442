import { basename } from 'node:path';

import { shellWord } from '../../errors/shell-word.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';
import type { KernelLocation } from '../../kernel/kernel-file.ts';
import { moduleHolders, moduleRefcount, moduleState } from '../../kernel/module-state.ts';
import { mountedFileSystems } from '../../kernel/mount-list.ts';
import { processOfEachNamespace } from '../../kernel/process-list.ts';
import type { KernelQuestions } from '../../native/kernel-questions.ts';
import type { Inquiry } from '../inquiry.ts';
import { blockUses } from './block-uses.ts';
import { type ModuleUse, useOf } from './module-use.ts';
import { mountUses } from './mount-uses.ts';
import { networkUses } from './network-uses.ts';
import { processUses } from './process-uses.ts';
import { settingUses } from './setting-uses.ts';
import { UseScene } from './use-scene.ts';

/** What keeps a module in the kernel. */
export interface ModuleUses {
  /** The kernel's own count; null where the module is not loaded or the kernel does not count. */
  readonly refcount: number | null;
  readonly uses: readonly ModuleUse[];
  /** How many references none of the uses explains, at least and at most; null without a count. */
  readonly unexplained: { readonly least: number; readonly most: number } | null;
  /** What could not be looked at, in sentences. */
  readonly unknown: readonly string[];
}

/** What uses are looked for in. */
export interface UsePlace {
  readonly tree: ModuleTree;
  readonly kernel: KernelLocation;
  /** What asks the running kernel; undefined where files alone are to tell. */
  readonly questions: KernelQuestions | undefined;
}

/** Finds out what keeps a loaded module, and what goes with it. */
export function* usesOfModule(module: string, place: UsePlace): Inquiry<ModuleUses> {
  const { kernel } = place;
  const scene = new UseScene({ module, ...place });
  const state = moduleState(module, kernel);
  const refcount = state === 'live' ? (moduleRefcount(module, kernel) ?? null) : null;
  const holders = moduleHolders(module, kernel).map((holder) => holderUse(module, holder));
  yield { kind: 'pause' };
  const mounts = mountedFileSystems(scene.view, processOfEachNamespace(scene.view, 'mnt'));
  const still = [...holders, ...mountUses(scene, mounts), ...blockUses(scene, mounts)];
  yield { kind: 'pause' };
  const found = [...still, ...networkUses(scene), ...settingUses(scene), ...(yield* processUses(scene))];
  const uses = [...found, ...deviceUses(scene)];
  for (const file of scene.view.denied) scene.unknown.add(`${file} was not readable: root may read it.`);
  return { refcount, uses, unexplained: restOf(refcount, uses), unknown: [...scene.unknown] };
}

function holderUse(module: string, holder: string): ModuleUse {
  return useOf('module', {
    text: `The module ${holder} uses it.`,
    holder,
    evidence: [[holder, `/sys/module/${module}/holders`]],
    remedies: [`kmodctl unload ${holder}`],
  });
}

/** Devices that are bound to drivers of the module. */
function deviceUses({ view, module }: UseScene): readonly ModuleUse[] {
  return view.names(`sys/module/${module}/drivers`).flatMap((driver) => {
    const folder = `sys/module/${module}/drivers/${driver}`;
    const devices = view
      .names(folder)
      .filter((name) => view.exists(`${folder}/${name}/uevent`) && name !== 'module');
    return devices.map((device) =>
      useOf('device', {
        text: `The device ${device} is bound to its driver ${driver.replace(/^[^:]*:/, '')}, and loses it with the module.`,
        references: 0,
        evidence: [[basename(device), `/${folder}`]],
        remedies: [`echo ${shellWord(device)} >${shellWord(`/${folder}/unbind`)}`],
      }),
    );
  });
}

function restOf(refcount: number | null, uses: readonly ModuleUse[]): ModuleUses['unexplained'] {
  if (refcount === null) return null;
  const sum = (field: 'least' | 'most'): number =>
    uses.reduce((total, { references }) => total + (references[field] ?? refcount), 0);
  return { least: Math.max(0, refcount - sum('most')), most: Math.max(0, refcount - sum('least')) };
}
