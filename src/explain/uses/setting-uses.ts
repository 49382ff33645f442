import { type ModuleUse, useOf } from './module-use.ts';
import type { UseScene } from './use-scene.ts';

/** A setting of the kernel that holds the module which its value names. */
interface Setting {
  readonly file: string;
  readonly what: string;
  /** Names of the module by the value. */
  readonly names: (value: string) => readonly string[];
  /** A value that needs no module. */
  readonly other: string;
}

const settings: readonly Setting[] = [
  {
    file: 'proc/sys/net/ipv4/tcp_congestion_control',
    what: 'TCP congestion control',
    names: (value) => [`tcp_${value}`],
    other: 'cubic',
  },
  {
    file: 'proc/sys/net/core/default_qdisc',
    what: 'queueing discipline of new interfaces',
    names: (value) => [`net-sch-${value}`, `sch_${value}`],
    other: 'pfifo_fast',
  },
];

/** Settings that hold the module, processor frequency included, and what the kernel's own cryptography holds. */
export function settingUses(scene: UseScene): readonly ModuleUse[] {
  const { view } = scene;
  const uses = settings.flatMap(({ file, what, names, other }): readonly ModuleUse[] => {
    const value = view.text(file).trim();
    if (value === '' || !scene.isNamedBy(...names(value))) return [];
    return [
      useOf('setting', {
        text: `It is set as the ${what} (${value}).`,
        references: [1, 2],
        evidence: [[value, `/${file}`]],
        remedies: [`echo ${other} >/${file}`],
      }),
    ];
  });
  return [...uses, ...frequencyUses(scene), ...cryptoUses(scene)];
}

function frequencyUses({ view, module }: UseScene): readonly ModuleUse[] {
  if (!module.startsWith('cpufreq_')) return [];
  return view.names('sys/devices/system/cpu/cpufreq').flatMap((policy): readonly ModuleUse[] => {
    const file = `sys/devices/system/cpu/cpufreq/${policy}/scaling_governor`;
    if (`cpufreq_${view.text(file).trim()}` !== module) return [];
    return [
      useOf('setting', {
        text: `It governs the frequency of the processors of ${policy}.`,
        evidence: [[module.slice('cpufreq_'.length), `/${file}`]],
        remedies: [`echo performance >/${file}`],
      }),
    ];
  });
}

/** Algorithms of the module that something in the kernel has in use: each use holds its module once. */
function cryptoUses({ view, module }: UseScene): readonly ModuleUse[] {
  const uses: ModuleUse[] = [];
  for (const block of view.text('proc/crypto').split('\n\n')) {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      }),
    );
    const count = Number(fields.get('refcnt') ?? 1) - 1;
    const driver = fields.get('driver') ?? '?';
    if (fields.get('module') !== module || !(count > 0)) continue;
    uses.push(
      useOf('crypto', {
        text: `The kernel uses its algorithm ${fields.get('name') ?? '?'} (${driver})${count === 1 ? '' : ` ${count} times`}.`,
        references: [0, count],
        evidence: [[`${driver}: refcnt ${count + 1}`, '/proc/crypto']],
      }),
    );
  }
  return uses;
}
