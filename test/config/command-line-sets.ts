/** A kernel command line, to compare what kmod and we make of it. */
export interface CommandLineSet {
  readonly name: string;
  readonly line: string | Uint8Array;
  /** Where kmod is wrong: the line with which it gives the answer that we give by default. */
  readonly meant?: string;
}

const same = (line: string): CommandLineSet => ({ name: line.slice(0, 60), line });

/** Kernel command lines on which kmod and we are to agree. */
export const commandLines: readonly CommandLineSet[] = [
  { name: 'empty', line: '' },
  { name: 'only a newline', line: '\n' },
  { name: 'no newline at the end', line: 'm.a=1' },
  same('BOOT_IMAGE=/boot/vmlinuz-6.1 root=UUID=a-b.c ro quiet splash -- x\n'),
  same('m.a=1 m.b=2 n-o.c-d=e-f\n'),
  same('psmouse.foo m.p=1.5G x=y.z e.f.g=1 h.i=j.k\n'),
  same('a.b=c=d a.=b .a=b a. . .. = =. a..b a.b.=c\n'),
  same('c. d\n'),
  same('c.'),
  same('a.b="c d" a.b="c"d e.f=g"h i"j\n'),
  same('a.b="c d\n'),
  same('a.b="c d'),
  same('"a.b=c d" "a.b=c"d "a.b" "a.b=c\n'),
  same('"a.b=c" d.e=f\n'),
  same('"a.b= c=d. e" f."g"=h i"j".k=l\n'),
  same('a.b="" a.c=" " ""\n'),
  same('"" " " "a b" c.d=e\n'),
  same('".a=b" "a..=b" "a.b.c=d" "=a.b"\n'),
  same('a.b="c""d" a.b="c" "d" e.f=1\n'),
  same('x"y a.b=c" d.e=f\n'),
  same('x"y" a.b=c\n'),
  same('a."b c".d=1 e.f=2\n'),
  same('a.b\tc.d=1\ve.f=2\fg.h=3\ri.j=4\nk.l=5\n'),
  same('  a.b=1   c.d=2  \n'),
  same("a.b='c d' e.f=g\n"),
  same('a.b=c\\ d "e.f=g\\"h i"\n'),
  same('ivrs_acpihid[14:00.5]=HID m.a=1\n'),
  same('a[b-c].d=1 e[.f=1 g].h=2 i.j=3 a[b].c-d[e=1\n'),
  same('m-n.a=1 m_n.b=2 -.c=3\n'),
  { name: 'a NUL within', line: 'a.b=1\0c.d=2 e.f=3\n' },
  { name: 'a NUL in quotes', line: 'a.b="1\0 c.d=2\n' },
  { name: 'bytes above ASCII', line: Buffer.from('m.a=é é.b=1 m.c=\xff \x80.d=1\n', 'latin1') },
  same('modprobe.blacklist=a,b_c,d\n'),
  same('modprobe.blacklist=a modprobe.blacklist=b m.c=1\n'),
  same('modprobe.blacklist=,a,,b,\n'),
  same('modprobe.blacklist= modprobe.blacklist\n'),
  same('modprobe.blacklists=a modprobe.black=b mod_probe.blacklist=c Modprobe.blacklist=d\n'),
  same('modprobe.x=1 modprobe.blacklist.y=2\n'),
  same('modprobe.blacklist=a=b,c.d\n'),
  {
    name: 'dashes in the blacklist',
    line: 'modprobe.blacklist=foo-bar,a,b-c-d\n',
    meant: 'modprobe.blacklist=foo_bar,a,b_c_d\n',
  },
  {
    name: 'quotes around the blacklist',
    line: 'modprobe.blacklist="a,b" "modprobe.blacklist=c,d"\n',
    meant: 'modprobe.blacklist=a,b modprobe.blacklist=c,d\n',
  },
  { name: '4095 bytes', line: `${'x'.repeat(4089)} m.a=1` },
  { name: '4094 bytes and a newline', line: `${'x'.repeat(4088)} m.a=1\n` },
  {
    name: 'more than 4095 bytes, in a value',
    line: `${'x'.repeat(4085)} m.a=123456789 n.b=1\n`,
    meant: `x m.a=123456789 n.b=1\n`,
  },
  {
    name: 'more than 4095 bytes, in quotes',
    line: `${'x'.repeat(4085)} m.a="1 3456789" n.b=1\n`,
    meant: `x m.a="1 3456789" n.b=1\n`,
  },
  { name: 'many options', line: `${Array.from({ length: 200 }, (_, at) => `m${at}.a=${at}`).join(' ')}\n` },
];
