/** What makes a kernel ask for modules, and what it asks for then. */
import type { Trigger } from './request-maker.ts';

/** Aliases as a modules.conf had them, for devices that no module of Debian's stands behind; and commands around a load. */
export const configuration = `
alias char-major-240-7 nlmon
alias char-major-240 ifb
alias block-major-240-7 veth
alias block-major-240 sch_fq
alias block-major-2-0 brd
alias net-pf-3 vrf
alias net-pf-16-proto-13 act_mirred
alias binfmt-00b3 cls_u32
alias binfmt-beba team
alias fs-foofs null_blk
alias eth7 macvlan
install vrf { id -u; env | sort; echo "$CMDLINE_OPTS"; } >/run/pre-install && /sbin/modprobe --ignore-install vrf && touch /run/post-install
`;

/** A request, and what becomes of it. */
export interface Case {
  readonly title: string;
  readonly trigger: Trigger;
  readonly answer: string | readonly string[];
  /** What the kernel asks for. */
  readonly requests: readonly string[];
  /** What is loaded for it; none: the request is refused, as nothing has that name. */
  readonly loads: string | null;
}

/** The requests that kernels make. */
export const cases: readonly Case[] = [
  {
    title: 'a character device by its numbers',
    trigger: [0, 'open', 'c', 240, 7],
    answer: 'ENXIO',
    requests: ['char-major-240-7'],
    loads: 'nlmon',
  },
  {
    title: 'a character device by its major number alone, as Linux 2.4 asked',
    trigger: [0, 'open', 'c', 240, 8],
    answer: 'ENXIO',
    requests: ['char-major-240-8', 'char-major-240'],
    loads: 'ifb',
  },
  {
    title: 'a device of the misc driver that has a module',
    trigger: [0, 'open', 'c', 10, 200],
    answer: 'ok',
    requests: ['char-major-10-200'],
    loads: 'tun',
  },
  {
    title: 'a device of the misc driver that has none',
    trigger: [0, 'open', 'c', 10, 222],
    answer: 'ENODEV',
    requests: ['char-major-10-222'],
    loads: null,
  },
  {
    title: 'sound: /dev/dsp',
    trigger: [0, 'open', 'c', 14, 3],
    answer: ['ENXIO', 'ENODEV'],
    requests: ['char-major-14-3'],
    loads: 'soundcore',
  },
  {
    title: 'a block device by its numbers',
    trigger: [0, 'open', 'b', 240, 7],
    answer: 'ENXIO',
    requests: ['block-major-240-7'],
    loads: 'veth',
  },
  {
    title: 'a block device by its major number alone',
    trigger: [0, 'open', 'b', 240, 9],
    answer: 'ENXIO',
    requests: ['block-major-240-9', 'block-major-240'],
    loads: 'sch_fq',
  },
  {
    title: 'the floppy disk, for which the configuration has another module',
    trigger: [0, 'open', 'b', 2, 0],
    answer: 'ENXIO',
    requests: ['block-major-2-0'],
    loads: 'brd',
  },
  {
    title: 'a family of sockets that the configuration has a module for',
    trigger: [0, 'socket', 3, 5, 0],
    answer: 'EAFNOSUPPORT',
    requests: ['net-pf-3'],
    loads: 'vrf',
  },
  {
    title: 'a family of sockets that is gone from Linux',
    trigger: [1000, 'socket', 4, 2, 0],
    answer: 'EAFNOSUPPORT',
    requests: ['net-pf-4'],
    loads: null,
  },
  {
    title: 'a family of sockets that has a module',
    trigger: [0, 'socket', 26, 2, 0],
    answer: 'ok',
    requests: ['net-pf-26'],
    loads: 'llc2',
  },
  {
    title: 'a protocol of the internet, by number and kind, then by number',
    trigger: [1000, 'socket', 2, 5, 132],
    answer: 'ok',
    requests: ['net-pf-2-proto-132-type-5', 'net-pf-2-proto-132'],
    loads: 'sctp',
  },
  {
    title: 'a protocol of netlink',
    trigger: [1000, 'socket', 16, 3, 13],
    answer: 'EPROTONOSUPPORT',
    requests: ['net-pf-16-proto-13'],
    loads: 'act_mirred',
  },
  {
    title: 'a format of programs',
    trigger: [1000, 'exec', '0102b300'],
    answer: 'ENOEXEC',
    requests: ['binfmt-00b3'],
    loads: 'cls_u32',
  },
  {
    title: "a format of programs: Java's",
    trigger: [1000, 'exec', 'cafebabe'],
    answer: 'ENOEXEC',
    requests: ['binfmt-beba'],
    loads: 'team',
  },
  {
    title: 'line discipline 1',
    trigger: [0, 'ldisc', 1],
    answer: 'ok',
    requests: ['tty-ldisc-1'],
    loads: 'slip',
  },
  {
    title: 'line discipline 3',
    trigger: [0, 'ldisc', 3],
    answer: 'ok',
    requests: ['tty-ldisc-3'],
    loads: 'ppp_async',
  },
  {
    title: 'line discipline 23',
    trigger: [0, 'ldisc', 23],
    answer: 'EINVAL',
    requests: ['tty-ldisc-23'],
    loads: null,
  },
  {
    title: 'a file system that has a module',
    trigger: [0, 'mount', 'iso9660'],
    answer: 'ENOENT',
    requests: ['fs-iso9660'],
    loads: 'isofs',
  },
  {
    title: 'a file system with a subtype',
    trigger: [0, 'mount', 'foofs.sub'],
    answer: 'ENODEV',
    requests: ['fs-foofs'],
    loads: 'null_blk',
  },
  {
    title: 'a network device, by its name alone',
    trigger: [0, 'flags', 'eth7'],
    answer: 'ENODEV',
    requests: ['netdev-eth7', 'eth7'],
    loads: 'macvlan',
  },
  {
    title: 'a network device, by a user who may not',
    trigger: [1000, 'flags', 'foo0'],
    answer: 'ENODEV',
    requests: [],
    loads: null,
  },
  {
    title: 'a way to avoid congestion',
    trigger: [0, 'tcp', 'bbr'],
    answer: 'ok',
    requests: ['tcp_bbr'],
    loads: 'tcp_bbr',
  },
  {
    title: 'a way to avoid congestion that nobody knows',
    trigger: [0, 'tcp', 'foocc'],
    answer: 'ENOENT',
    requests: ['tcp_foocc'],
    loads: null,
  },
];

/** Names that a caller chose to do harm, what the kernel makes of them, and what the kernel log says. */
export const attacks: readonly (readonly [
  Trigger,
  ...(readonly [request: string, shown: string, reason: string])[],
])[] = [
  [
    [0, 'flags', '-C/tmp/x'],
    ['netdev--C/tmp/x', 'netdev--C/tmp/x', 'it could be a path'],
    ['-C/tmp/x', '-C/tmp/x', 'it begins with a dash, as options do'],
  ],
  [
    [0, 'flags', '$(reboot)'],
    [
      'netdev-$(reboot)',
      'netdev-$(reboot)',
      'it has characters that mean something to a shell, or that no request has',
    ],
    ['$(reboot)', '$(reboot)', 'it has characters that mean something to a shell, or that no request has'],
  ],
  [
    [0, 'mount', ';reboot'],
    ['fs-;reboot', 'fs-;reboot', 'it has characters that mean something to a shell, or that no request has'],
  ],
  [
    [0, 'mount', '`touch /run/hit`'],
    ['fs-`touch /run/hit`', 'fs-`touch /run/hit`', 'it could be a path'],
  ],
  [
    [0, 'mount', 'a\nb'],
    ['fs-a\nb', String.raw`fs-a\x0ab`, 'it has control characters'],
  ],
  [
    [0, 'mount', `'"`],
    [
      `fs-'"`,
      String.raw`fs-'\x22`,
      'it has characters that mean something to a shell, or that no request has',
    ],
  ],
  [
    [1000, 'cipher', 'xts($(touch hit))'],
    [
      'crypto-xts($(touch hit))',
      'crypto-xts($(touch hit))',
      'it has characters that mean something to a shell, or that no request has',
    ],
    [
      'crypto-xts($(touch hit))-all',
      'crypto-xts($(touch hit))-all',
      'it has characters that mean something to a shell, or that no request has',
    ],
  ],
];
