import type { ModuleUse, UseKind } from '../uses/module-use.ts';
import { type LoadReason, reasonOf } from './load-reason.ts';
import type { ReasonScene } from './reason-scene.ts';

/** A family of the names that the kernel and programs ask for. */
interface RequestFamily {
  readonly pattern: RegExp;
  /** What asks, as the end of a sentence. */
  readonly when: string;
  /** Uses that had to ask when they began. */
  readonly uses: readonly UseKind[];
}

/** As the indexes have the names: underscores for dashes. */
const families: readonly RequestFamily[] = [
  { pattern: /^fs_|^nls_/, when: 'a file system that needs it is mounted', uses: ['mount'] },
  {
    pattern: /^net_pf_|^can_proto_|^bt_proto_/,
    when: 'a program opens a socket of its family',
    uses: ['socket'],
  },
  { pattern: /^rtnl_link_/, when: 'an interface of its kind is made', uses: ['interface'] },
  { pattern: /^netdev_/, when: 'a program asks for an interface of that name', uses: ['interface'] },
  {
    pattern: /^char_major_|^block_major_|^devname:/,
    when: 'a program opens its device node',
    uses: ['open-file', 'block-device'],
  },
  {
    pattern: /^net_sch_|^net_cls_|^net_act_|^sch_|^cls_|^act_/,
    when: 'tc sets it',
    uses: ['queue-discipline'],
  },
  {
    pattern: /^(?:nft_|ipt_|ip6t_|arpt_|ebt_|xt_|nf_|nfnetlink_|nfct_)/,
    when: 'rules for packets use it',
    uses: ['packet-rule'],
  },
  { pattern: /^crypto_|^algif_/, when: 'the kernel or a program asks for its algorithm', uses: ['crypto'] },
  { pattern: /^tcp_|^tcp_ulp_/, when: 'a program or a setting asks for it', uses: ['setting'] },
  { pattern: /^dm_(?!mod$)/, when: 'a table of the device mapper has its target', uses: ['mapped-device'] },
  { pattern: /^md_|^raid/, when: 'an array of its level is started', uses: ['block-device'] },
  { pattern: /^tty_ldisc_/, when: 'a program sets its line discipline', uses: ['open-file'] },
  { pattern: /^binfmt_/, when: 'a program of its format is started', uses: [] },
  { pattern: /^snd_|^sound_/, when: 'a program opens a sound device', uses: ['open-file'] },
];

/** How many aliases are shown. */
const MOST_SHOWN = 8;

/** The names by which the kernel may have asked for the module, those first whose use is seen now. */
export function requestReasons(scene: ReasonScene, uses: readonly ModuleUse[]): readonly LoadReason[] {
  const groups = new Map<RequestFamily, string[]>();
  for (const alias of scene.ownAliases) {
    const family = familyOf(alias);
    if (family !== undefined) groups.set(family, [...(groups.get(family) ?? []), alias]);
  }
  const index = `${scene.tree.directory}/modules.alias`;
  const byAlias = [...groups].map(([family, names]) =>
    requestReason(family, [shown(names), index], useOfFamily(family, uses)),
  );
  return [...byAlias, ...nameReasons(scene, uses, new Set(groups.keys()))];
}

/** For some things the kernel asks by the name of the module itself, which tells something only where there is such a thing. */
function nameReasons(
  { module }: ReasonScene,
  uses: readonly ModuleUse[],
  told: ReadonlySet<RequestFamily>,
): readonly LoadReason[] {
  const family = familyOf(module);
  if (family === undefined || told.has(family)) return [];
  const use = useOfFamily(family, uses);
  return use === undefined ? [] : [requestReason(family, [module, 'the name of the module'], use)];
}

function requestReason(
  { when }: RequestFamily,
  names: readonly [string, string],
  use: ModuleUse | undefined,
): LoadReason {
  if (use === undefined)
    return reasonOf('request', 'possible', `The kernel asks for it when ${when}.`, [names]);
  const seen = use.evidence.map(({ text, source }) => [text, source] as const);
  const text = `The kernel asks for it when ${when}, and so it is: ${use.text}`;
  return reasonOf('request', 'likely', text, [names, ...seen]);
}

function familyOf(alias: string): RequestFamily | undefined {
  const name = alias.replaceAll('-', '_');
  return families.find(({ pattern }) => pattern.test(name));
}

function useOfFamily({ uses: kinds }: RequestFamily, uses: readonly ModuleUse[]): ModuleUse | undefined {
  return uses.find(({ kind }) => kinds.includes(kind));
}

function shown(names: readonly string[]): string {
  const more = names.length - MOST_SHOWN;
  return more > 0 ? `${names.slice(0, MOST_SHOWN).join(' ')} and ${more} more` : names.join(' ');
}
