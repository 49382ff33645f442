import type { KernelQuestions } from '../native/kernel-questions.ts';
import {
  attributeList,
  attributeText,
  listRequest,
  type NetlinkAttributes,
  netlinkAttributes,
  netlinkMessages,
} from './netlink-message.ts';

/** Something in the rules of nf_tables that a module may implement. */
export interface RulePart {
  /** `chain`: type of a base chain; the others are parts of rules. */
  readonly kind: 'chain' | 'expression' | 'match' | 'target';
  /** For example `ct`, `log`, `nat`; of the parts of iptables-nft `LOG`, `conntrack`. */
  readonly name: string;
  /** As the kernel numbers it: 2 IPv4, 10 IPv6, 1 both, 7 bridges. */
  readonly family: number;
  /** Table and chain. */
  readonly place: string;
}

const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_GETRULE = 7;
/** Size of struct nfgenmsg. */
const HEADER = 4;

const CHAIN_TABLE = 1;
const CHAIN_NAME = 3;
const CHAIN_HOOK = 4;
const CHAIN_TYPE = 7;
const RULE_TABLE = 1;
const RULE_CHAIN = 2;
const RULE_EXPRESSIONS = 4;
const EXPRESSION_NAME = 1;
const EXPRESSION_DATA = 2;
const COMPATIBLE_NAME = 1;

/**
 * What the rules of nf_tables are made of, in this process's network namespace.
 *
 * @returns undefined where the kernel does not tell: without nf_tables, without the right to
 */
export function packetRuleParts(questions: KernelQuestions | undefined): readonly RulePart[] | undefined {
  const list = (type: number): Buffer | undefined =>
    questions?.netlink(NETLINK_NETFILTER, listRequest(NFNL_SUBSYS_NFTABLES | type, Buffer.alloc(HEADER)));
  const chains = list(NFT_MSG_GETCHAIN);
  const rules = list(NFT_MSG_GETRULE);
  if (chains === undefined || rules === undefined) return undefined;
  return [...partsOf(chains, chainParts), ...partsOf(rules, ruleParts)];
}

function partsOf(
  bytes: Buffer,
  read: (attributes: NetlinkAttributes, family: number) => readonly RulePart[],
): readonly RulePart[] {
  return [...netlinkMessages(bytes)].flatMap(({ body }) =>
    read(netlinkAttributes(body.subarray(HEADER)), body[0] ?? 0),
  );
}

function chainParts(attributes: NetlinkAttributes, family: number): readonly RulePart[] {
  const name = attributeText(attributes.get(CHAIN_TYPE));
  if (name === undefined || !attributes.has(CHAIN_HOOK)) return [];
  return [{ kind: 'chain', name, family, place: placeOf(attributes, CHAIN_TABLE, CHAIN_NAME) }];
}

function ruleParts(attributes: NetlinkAttributes, family: number): readonly RulePart[] {
  const place = placeOf(attributes, RULE_TABLE, RULE_CHAIN);
  const expressions = attributeList(attributes.get(RULE_EXPRESSIONS) ?? Buffer.alloc(0));
  return expressions.flatMap(([, bytes]): readonly RulePart[] => {
    const expression = netlinkAttributes(bytes);
    const name = attributeText(expression.get(EXPRESSION_NAME));
    if (name === undefined) return [];
    const part = { kind: 'expression', name, family, place } as const;
    if (name !== 'match' && name !== 'target') return [part];
    // What iptables-nft keeps in nf_tables.
    const data = netlinkAttributes(expression.get(EXPRESSION_DATA) ?? Buffer.alloc(0));
    const inner = attributeText(data.get(COMPATIBLE_NAME));
    return inner === undefined ? [part] : [part, { kind: name, name: inner, family, place }];
  });
}

function placeOf(attributes: NetlinkAttributes, table: number, chain: number): string {
  return [table, chain].map((number) => attributeText(attributes.get(number)) ?? '?').join(' ');
}
