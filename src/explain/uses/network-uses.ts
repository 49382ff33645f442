import { basename } from 'node:path';

import { shellWord } from '../../errors/shell-word.ts';
import { networkInterfaces, queueDisciplines } from '../../kernel/network-objects.ts';
import { packetRuleParts, type RulePart } from '../../kernel/packet-rules.ts';
import { type ModuleUse, useOf } from './module-use.ts';
import type { UseScene } from './use-scene.ts';

/** Interfaces that the module drives, queueing disciplines of it, and parts of it in the rules for packets. */
export function networkUses(scene: UseScene): readonly ModuleUse[] {
  return [...interfaceUses(scene), ...disciplineUses(scene), ...ruleUses(scene), ...oldTableUses(scene)];
}

function interfaceUses(scene: UseScene): readonly ModuleUse[] {
  const { view, module } = scene;
  return networkInterfaces(view, scene.questions).flatMap(({ name, kind, source }): readonly ModuleUse[] => {
    const link = `sys/class/net/${name}/device/driver/module`;
    const isDriven = basename(view.link(link)) === module;
    if (!isDriven && (kind === undefined || !scene.isNamedBy(`rtnl-link-${kind}`))) return [];
    return [
      useOf('interface', {
        text: `It drives the network interface ${name}, which goes with it.`,
        references: 0,
        evidence: [isDriven ? [module, `/${link}`] : [`kind ${kind}`, source]],
      }),
    ];
  });
}

function disciplineUses(scene: UseScene): readonly ModuleUse[] {
  const counts = new Map<string, number>();
  for (const { interface: name, kind } of queueDisciplines(scene.questions))
    if (scene.isNamedBy(`net-sch-${kind}`, `sch_${kind}`)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) =>
    useOf('queue-discipline', {
      text: `The network interface ${name} has ${count === 1 ? 'a queue' : `${count} queues`} of its discipline.`,
      references: count,
      evidence: [[String(count), `rtnetlink(7): tc qdisc show dev ${name}`]],
      remedies: [`tc qdisc del dev ${shellWord(name)} root`],
    }),
  );
}

/** Names by which the kernel asks for what implements a part of a rule. */
function aliasesOf({ kind, name, family }: RulePart): readonly string[] {
  if (kind === 'chain') return [`nft-chain-${family}-${name}`, `nft_chain_${name}`];
  if (kind === 'expression')
    return name === 'match' || name === 'target'
      ? ['nft_compat']
      : [`nft-expr-${family}-${name}`, `nft-expr-${name}`];
  const versions: Readonly<Record<number, string>> = { 2: 'ipt', 3: 'arpt', 7: 'ebt', 10: 'ip6t' };
  return [`xt_${name}`, `${versions[family] ?? 'xt'}_${name}`];
}

function ruleUses(scene: UseScene): readonly ModuleUse[] {
  const parts = packetRuleParts(scene.questions);
  const isAbout = /^(?:nft_|nf_|xt_|ipt_|ip6t_|ebt_|arpt_)/.test(scene.module);
  if (parts === undefined) {
    if (isAbout && scene.view.exists('sys/module/nf_tables'))
      scene.unknown.add('The rules of nf_tables were not readable: root may read them (nft list ruleset).');
    return [];
  }
  const counts = new Map<string, number>();
  for (const part of parts)
    if (scene.isNamedBy(...aliasesOf(part)))
      counts.set(`${part.place}\0${part.name}`, (counts.get(`${part.place}\0${part.name}`) ?? 0) + 1);
  return [...counts].map(([key, count]) => {
    const [place = '', name = ''] = key.split('\0');
    return useOf('packet-rule', {
      text: `The rules in the chain ${place} use it (${name})${count === 1 ? '' : `, ${count} times`}.`,
      references: [count, 2 * count],
      evidence: [[`${name} in ${place}`, 'nf_tables: nft list ruleset']],
      remedies: [`nft -a list chain ${place.replace(/^/, 'FAMILY ')}`],
    });
  });
}

/** The tables of the old iptables: /proc tells what may be used in them, and not what is. */
function oldTableUses({ view, module }: UseScene): readonly ModuleUse[] {
  const uses: ModuleUse[] = [];
  for (const prefix of ['ip', 'ip6', 'arp']) {
    const tables = view.lines(`proc/net/${prefix}_tables_names`);
    if (tables.length === 0) continue;
    for (const what of ['matches', 'targets'] as const) {
      const file = `proc/net/${prefix}_tables_${what}`;
      const name = view.lines(file).find((each) => each !== '' && `xt_${each}` === module);
      if (name !== undefined)
        uses.push(
          useOf('packet-rule', {
            text: `Rules in the tables of ${prefix}tables (${tables.join(', ')}) may use its ${what === 'matches' ? 'match' : 'target'} ${name}; /proc does not tell which.`,
            references: [0, null],
            confidence: 'possible',
            evidence: [
              [name, `/${file}`],
              [tables.join(' '), `/proc/net/${prefix}_tables_names`],
            ],
            remedies: [`${prefix}tables-save | grep -w ${name}`],
          }),
        );
    }
  }
  return uses;
}
