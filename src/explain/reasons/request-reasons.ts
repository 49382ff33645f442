import { KmodError } from '../../errors/kmod-error.ts';
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
  { pattern: /^fs_/, when: 'a file system of its type is mounted', uses: ['mount'] },
  {
    pattern: /^net_pf_|^can_proto_|^bt_proto_/,
    when: 'a program opens a socket of its family',
    uses: ['socket'],
  },
  { pattern: /^rtnl_link_/, when: 'an interface of its kind is made', uses: ['interface'] },
  { pattern: /^netdev_/, when: 'a program asks for an interface of that name', uses: ['interface'] },
  {
    pattern: /^char_major_|^block_major_/,
    when: 'a program opens its device node',
    uses: ['open-file', 'block-device'],
  },
  {
    pattern: /^devname:/,
    when: 'a program opens its device node, which is made at the start',
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
  { pattern: /^dm_/, when: 'a table of the device mapper has its target', uses: ['mapped-device'] },
  { pattern: /^md_|^raid/, when: 'an array of its level is started', uses: ['block-device'] },
  { pattern: /^tty_ldisc_/, when: 'a program sets its line discipline', uses: ['open-file'] },
  { pattern: /^binfmt_/, when: 'a program of its format is started', uses: [] },
  { pattern: /^snd_|^sound_/, when: 'a program opens a sound device', uses: ['open-file'] },
];

/** How many aliases are shown. */
const MOST_SHOWN = 8;

/** The names by which the kernel may have asked for the module, those first whose use is seen now. */
export function requestReasons(scene: ReasonScene, uses: readonly ModuleUse[]): readonly LoadReason[] {
  const aliases = requestAliases(scene);
  const groups = new Map<RequestFamily, string[]>();
  for (const alias of aliases) {
    const family = families.find(({ pattern }) => pattern.test(alias));
    if (family !== undefined) groups.set(family, [...(groups.get(family) ?? []), alias]);
  }
  const index = `${scene.tree.directory}/modules.alias`;
  return [...groups].map(([family, names]) => {
    const use = uses.find(({ kind }) => family.uses.includes(kind));
    const evidence: readonly (readonly [string, string])[] = [
      [shown(names), index],
      ...(use?.evidence ?? []).map(({ text, source }) => [text, source] as const),
    ];
    return use === undefined
      ? reasonOf('request', 'possible', `The kernel asks for it when ${family.when}.`, evidence)
      : reasonOf(
          'request',
          'likely',
          `The kernel asks for it when ${family.when}, and there is one: ${use.text}`,
          evidence,
        );
  });
}

/** The module's aliases that are no patterns for devices. */
function requestAliases({ tree, module, unknown }: ReasonScene): readonly string[] {
  const aliases: string[] = [];
  try {
    for (const { key, value } of tree.index('modules.alias.bin')?.entries() ?? [])
      if (value === module) aliases.push(key);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    unknown.add(`The aliases cannot be read: ${error.message}`);
  }
  return aliases;
}

function shown(names: readonly string[]): string {
  const more = names.length - MOST_SHOWN;
  return more > 0 ? `${names.slice(0, MOST_SHOWN).join(' ')} and ${more} more` : names.join(' ');
}
