import type { KernelQuestions } from '../native/kernel-questions.ts';
import {
  attributeText,
  listRequest,
  netlinkAttributes,
  netlinkMessages,
  numberAt,
} from './netlink-message.ts';
import type { KernelView } from './kernel-view.ts';

/** A network interface. */
export interface NetworkInterface {
  readonly name: string;
  /** Kind of one that `ip link add` makes, for example `dummy`; undefined for others, and where it cannot be told. */
  readonly kind: string | undefined;
  /** What tells the kind. */
  readonly source: string;
}

/** A queueing discipline of an interface. */
export interface QueueDiscipline {
  readonly interface: string;
  readonly kind: string;
}

const NETLINK_ROUTE = 0;
const RTM_GETLINK = 18;
const RTM_GETQDISC = 38;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const TCA_KIND = 1;
/** Sizes of struct ifinfomsg and struct tcmsg. */
const LINK_HEADER = 16;
const QUEUE_HEADER = 20;

/** The interfaces of this process's network namespace. */
export function networkInterfaces(
  view: KernelView,
  questions: KernelQuestions | undefined,
): readonly NetworkInterface[] {
  const kinds = interfaceKinds(questions);
  return view
    .names('sys/class/net')
    .filter((name) => view.exists(`sys/class/net/${name}/uevent`))
    .map((name): NetworkInterface => {
      const kind = kinds.get(name)?.kind;
      if (kind !== undefined) return { name, kind, source: 'rtnetlink(7)' };
      const file = `sys/class/net/${name}/uevent`;
      const type = /^DEVTYPE=(.*)$/m.exec(view.text(file))?.[1];
      return { name, kind: type, source: `/${file}` };
    });
}

/** The disciplines of this process's network namespace. */
export function queueDisciplines(questions: KernelQuestions | undefined): readonly QueueDiscipline[] {
  const answer = questions?.netlink(NETLINK_ROUTE, listRequest(RTM_GETQDISC, Buffer.alloc(QUEUE_HEADER)));
  if (answer === undefined) return [];
  const names = new Map([...interfaceKinds(questions)].map(([name, { number }]) => [number, name]));
  return [...netlinkMessages(answer)].flatMap(({ body }) => {
    const kind = attributeText(netlinkAttributes(body.subarray(QUEUE_HEADER)).get(TCA_KIND));
    const number = numberAt(body, 4);
    return kind === undefined ? [] : [{ interface: names.get(number) ?? String(number), kind }];
  });
}

function interfaceKinds(
  questions: KernelQuestions | undefined,
): ReadonlyMap<string, { readonly number: number; readonly kind: string | undefined }> {
  const answer = questions?.netlink(NETLINK_ROUTE, listRequest(RTM_GETLINK, Buffer.alloc(LINK_HEADER)));
  const found = new Map<string, { number: number; kind: string | undefined }>();
  for (const { body } of netlinkMessages(answer ?? Buffer.alloc(0))) {
    const attributes = netlinkAttributes(body.subarray(LINK_HEADER));
    const name = attributeText(attributes.get(IFLA_IFNAME));
    const info = attributes.get(IFLA_LINKINFO);
    const kind = info === undefined ? undefined : attributeText(netlinkAttributes(info).get(IFLA_INFO_KIND));
    if (name !== undefined) found.set(name, { number: numberAt(body, 4), kind });
  }
  return found;
}
