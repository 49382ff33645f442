/** A file, and what modutils 2.4.16 made of it on a kernel 2.4.20. */
export interface OriginalCase {
  readonly title: string;
  readonly text: string;
  /** As {@link modelSummary} shows it. */
  readonly result: string;
  /** Other files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly autoclean?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

const invalid = (number: number, keyword: string, file = 'test.conf'): string =>
  `modprobe: Invalid line ${number} in ${file}\n\t${keyword}\n`;

/**
 * The results are those of the original reader, compiled unchanged and run on inputs like these; where it read behind
 * its buffer, the word ends with the line.
 */
export const originalCases: readonly OriginalCase[] = [
  {
    title: 'assignments allow no blank before the equals sign and none in the keyword',
    text: 'depfile = /a\npersistdir=/b c\npath=/one /two\npath[ x ]=/three\npath[x=/four\npathway=/five\npersistdir\n',
    result: `${invalid(1, 'depfile')}${invalid(4, 'path[')}${invalid(7, 'persistdir')}refused\n`,
  },
  {
    title: 'a blank line ends a continuation',
    text: 'options one a=1 \\\n\n b=2\n',
    result: `${invalid(3, ' b')}refused\n`,
  },
  {
    title: 'a comment line ends a continuation',
    text: 'options one a=1 \\\n# note\n b=2\n',
    result: `${invalid(3, ' b')}refused\n`,
  },
  {
    title: 'a backslash within a comment does not continue',
    text: 'options one a=1 # note \\\n b=2\n',
    result: `${invalid(2, ' b')}refused\n`,
  },
  {
    title: 'continuations: blanks behind the backslash, blanks in front, words cut in two',
    text: 'options one a=1 \\  \n   b=2\nali\\\nas x y\nalias p \\\nq\noptions two a=1 \\\n\tb=2\\\n c=3\noptions three a=1 \\ # why\n b=2\n',
    result:
      'alias x {y}\nalias p {q}\noptions one {a=1} {b=2}\noptions two {a=1} {b=2} {c=3}\noptions three {a=1} {b=2}\n',
  },
  {
    title: 'two backslashes are one and end the line',
    text: 'alias a b\\\\\nalias c d\noptions e p=\\\\\n',
    result: 'alias a {b}\nalias c {d}\noptions e {p=}\n',
  },
  { title: 'a backslash at the end of the file', text: 'alias a b\\', result: 'alias a {b}\n' },
  {
    title: 'tabs, form feeds and carriage returns are white space',
    text: 'alias\tone\ttwo\n\v\falias three four\nalias\rfive six\r\nalias seven eight\r\n',
    result: 'alias one {two}\nalias three {four}\nalias five {six}\nalias seven {eight}\n',
  },
  {
    title: 'a keyword ends at a character of another alphabet',
    text: 'alias caf\u00e9 x\nalia\u00e9 x\n',
    result: `${invalid(2, 'alia')}refused\n`,
  },
  {
    title: 'what is invalid, and what only looks so',
    text: 'bogus x\n"two words"\nkeep all of it\nkeep=1\ninstall\nALIAS a b\nalias = b\npath /a\ninclude=/b\n  add  nonsense y\n',
    result: `${invalid(1, 'bogus')}${invalid(2, '"two')}${invalid(4, 'keep')}${invalid(6, 'ALIAS')}${invalid(8, 'path')}${invalid(9, 'include')}${invalid(10, '  add  nonsense')}refused\n`,
  },
  {
    title: 'an alias for the equals sign, a nameless command, a bare add',
    text: 'alias = b\ninstall\nadd\n',
    result: 'alias = {b}\ninstall  {}\n',
  },
  {
    title: 'add needs no blank behind it and works in front of everything',
    text: 'above a b\naddabove a c\nadd above a d\nadd alias e f\naddalias e g\nadd keep\n',
    result: 'above a {b} {c} {d}\nalias e {g}\n',
  },
  {
    title: 'address is add and ress',
    text: 'address x\n',
    result: `${invalid(1, 'address')}refused\n`,
  },
  {
    title: 'lists are replaced or added to, and keep their place',
    text: 'probe a b\nprobe c d\nadd probe a e\nprobe c f\nprobeall g h i\nbelow j k\nadd below j l\noptions m x=1\nadd options m y=2\noptions n z=1\noptions n z=2\n',
    result:
      'below j {k} {l}\noptions m {x=1} {y=2}\noptions n {z=2}\nprobe a {b} {e}\nprobe c {f}\nprobeall g {h} {i}\n',
  },
  {
    title: 'a built-in alias is replaced',
    text: 'alias eth0 tulip\nalias char-major-14 sb\nalias block-major-1 rd\n',
    result: 'alias char-major-14 {sb}\nalias eth0 {tulip}\n',
  },
  {
    title: 'options -k stays once it is set',
    text: 'options -k a x=1\noptions a x=2\noptions -kb y\n',
    result: 'options -k a {x=2}\noptions -kb {y}\n',
  },
  {
    title: 'options -k without a name',
    text: 'options -k\nalias a b\n',
    result: 'modprobe: Missing module argument after -k\n\nalias a {b}\noptions -k \n',
  },
  {
    title: 'quotes in values',
    text: `options a p='"def,ghi jkl (xyz)"'\noptions b q="a b" r='c d'\noptions c "p=1 q=2" r=3\noptions d p=a"b c"d\noptions e p=a'b"c'd\noptions f u=a\\ b\noptions g p="x\\"y"\noptions h p='x' q="y" r=z\n`,
    result:
      'options a {p="def,ghi jkl (xyz)"}\noptions b {q=a b} {r=c d}\noptions c {p=1 q=2} {r=3}\noptions d {p=ab cd}\noptions e {p=ab"cd}\noptions f {u=a} {b}\noptions g {p=x\\"y}\noptions h {p=x} {q=y} {r=z}\n',
  },
  {
    title: 'quotes that are not closed end with the line',
    text: 'options a p="x#y" q=1\noptions c s=\\"T\\" t=5\npost-install b /bin/sh -c "echo \\#x"\n',
    result: 'options a {p=x}\noptions c {s=T\\" t=5}\npost-install b {/bin/sh -c "echo }\n',
  },
  {
    title: 'names keep their quotes and are not expanded',
    text: 'alias "a b" c\nalias $HOME d\ninstall "two words" run it\nprune x* y\n',
    result: 'prune x*\nalias "a b" {c}\nalias $HOME {d}\ninstall "two words" {run it}\n',
  },
  {
    title: 'commands are taken as they are',
    text: "pre-install a 'modprobe b'\npost-install c /bin/d -L >/dev/null 2>&1 || :\npost-remove e echo `hostname` $X > /f\nremove g\npre-remove h  i   j\ninstall k l\n",
    result:
      "pre-install a {'modprobe b'}\npost-install c {/bin/d -L >/dev/null 2>&1 || :}\npost-remove e {echo `hostname` $X > /f}\nremove g {}\npre-remove h {i   j}\ninstall k {l}\n",
  },
  {
    title: 'shell characters in values mostly stay',
    text: 'options a p=(a) q=a;b r=a|b s=1:2 t=+5 u=a?b v=c* w=[x] x=!x y=a&b z=~ A={a,b} B=<x>\noptions b p=1,2,3 q=0x3e8,irq=11\noptions c p=$NOTHING q\n',
    result:
      'options a {p=(a)} {q=a;b} {r=a|b} {s=1:2} {t=+5} {u=a?b} {v=c*} {w=[x]} {x=!x} {y=a&b} {z=~} {A={a,b}} {B=<x>}\noptions b {p=1,2,3} {q=0x3e8,irq=11}\noptions c {p=} {q}\n',
  },
  {
    title: 'variables, defined before and after',
    text: 'alias early $LATE\ndefine LATE one\nalias late $LATE\nalias joined ${LATE}two\nalias other ${NONE:-three}\ndefine TWO "four five"\nalias both $TWO\ndefine SUM=A x\nalias sum $SUM\ndefine EMPTY\nalias empty a${EMPTY}b\n',
    result:
      'alias early\nalias late {one}\nalias joined {onetwo}\nalias other {three}\nalias both {four} {five}\nalias sum {A=x}\nalias empty {ab}\n',
  },
  {
    title: 'built-in commands and file names',
    text: 'path[a]=/usr/li?\npath[b]=/nosuch*\npath[c]=~root/x\npath[d]=/lib/modules/`uname -r`/misc\npath[e]=/a/` uname -r -s`/b\npath[f]=/`kernelversion`/`uname -r`\npath[g]=/a/{b,c}\n',
    files: { '/usr/lib/x': '', '/usr/libexec/y': '' },
    result:
      'path[a]=/usr/lib\npath[b]=/nosuch*\npath[c]=~root/x\npath[d]=/lib/modules/2.4.20/misc\npath[e]=/a/2.4.20/b\npath[f]=/2.4/2.4.20\npath[g]=/a/{b,c}\n',
  },
  {
    title: 'tags of paths',
    text: 'path[a=/1\npathos=/2\npath[a]b=/3\npath[]=/4\npath=/5 /6\npath[x]=\n',
    result: 'path[misc]=/1\npath[misc]=/2\npath[misc]=/3\npath[]=/4\npath[misc]=/5\npath[misc]=/6\n',
  },
  {
    title: 'keep is for one file: an included path throws away those before',
    text: 'keep\npath[a]=/1\ninclude inner.conf\npath[c]=/3\n',
    files: { 'inner.conf': 'path[b]=/2\n' },
    result: 'path[b]=/2\npath[c]=/3\n',
  },
  {
    title: 'the first line for a generated file counts, the second is invalid',
    text: 'usbmapfile=/a\nusbmapfile=/b\n',
    result: `${invalid(2, 'usbmapfile')}refused\n`,
  },
  {
    title: 'the environment gives a generated file its name, and a line then is invalid',
    text: 'depfile=/a\n',
    environment: { DEPPATH: '/b' },
    result: `${invalid(1, 'depfile')}refused\n`,
  },
  { title: 'a generated file without a name', text: 'depfile=\n', result: 'refused\n' },
  {
    title: 'names of generated files are expanded at the end',
    text: 'depfile=/x/$LATE\npersistdir=/y/$LATE\ndefine LATE z\ninsmod_opt=-N $LATE\n',
    result: 'depfile=/x/z\npersistdir=/y/\ninsmod_opt=-N $LATE\n',
  },
  {
    title: 'an error in an included file',
    text: 'if 1\ninclude inner.conf\nendif\n',
    files: { 'inner.conf': 'alias a b\nwrong\n' },
    result: `${invalid(2, 'wrong', 'inner.conf')}modprobe: include inner.conf failed\n\n${invalid(2, 'include')}refused\n`,
  },
  {
    title: 'an included file that is missing',
    text: 'include gone.conf\n',
    result: `modprobe: Can't open gone.conf\nmodprobe: include gone.conf failed\n\n${invalid(1, 'include')}refused\n`,
  },
  {
    title: 'an endif in an included file does not end a condition',
    text: 'if 1\ninclude inner.conf\nalias a b\n',
    files: { 'inner.conf': 'endif\n' },
    result: `modprobe: unmatched endif in line 1\nmodprobe: include inner.conf failed\n\n${invalid(2, 'include')}modprobe: missing endif at test.conf EOF\nrefused\n`,
  },
  {
    title: 'conditions: words',
    text: 'if 1\nalias a y\nelse\nalias a n\nendif\nif 0\nalias b y\nelse\nalias b n\nendif\nif false\nalias c y\nendif\nif ""\nalias d y\nendif\nif $NOTHING\nalias e y\nendif\nif $HOME\nalias f y\nendif\nif\nalias g y\nendif\nif a==b\nalias h y\nendif\nif=1\nalias i y\nendif\n',
    result: 'alias a {y}\nalias b {n}\nalias f {y}\nalias h {y}\nalias i {y}\n',
  },
  {
    title: 'conditions: comparisons',
    text: 'if 10 > 9\nalias a y\nendif\nif -n 10 > 9\nalias b y\nendif\nif -n 0x10 == 16\nalias c y\nendif\nif -n 010 = 8\nalias d y\nendif\nif `kernelversion` == 2.4\nalias e y\nendif\nif `uname -r` >= 2.4.9\nalias f y\nelse\nalias f n\nendif\nif x != y\nalias g y\nendif\nif "a b" < c\nalias h y\nendif\nif foo bar\nalias i y\nendif\nif a ~ b\nalias j y\nendif\nif -n x <= -1\nalias k y\nelse\nalias k n\nendif\n',
    result:
      'alias b {y}\nalias c {y}\nalias d {y}\nalias e {y}\nalias f {n}\nalias g {y}\nalias h {y}\nalias k {n}\n',
  },
  {
    title: 'conditions: files, and a negation that swallows a word',
    text: 'if -f /there\nalias a y\nendif\nif ! -f /there\nalias b y\nendif\nif !-f /there\nalias c y\nendif\nif ! 1\nalias d y\nendif\nif !0\nalias e y\nendif\nif -f /gone\nalias f y\nendif\n',
    files: { '/there': '' },
    result: 'alias a {y}\nalias e {y}\n',
  },
  {
    title: 'conditions: elseif',
    text: 'if 0\nalias a 1\nelseif 1\nalias a 2\nelseif 1\nalias a 3\nelse\nalias a 4\nendif\nif 1\nalias b 1\nelseif 1\nalias b 2\nelse\nalias b 4\nendif\nif 0\nalias c 1\nelseif 0\nalias c 2\nelse if 0\nalias c 4\nendif\n',
    result: 'alias a {2}\nalias b {1}\nalias c {4}\n',
  },
  {
    title: 'a defect: the negation of -k is lost, without -k',
    text: 'if -k\nalias a y\nelse\nalias a n\nendif\nif ! -k\nalias b y\nelse\nalias b n\nendif\n',
    result: 'alias a {n}\nalias b {n}\n',
  },
  {
    title: 'a defect: the negation of -k is lost, with -k',
    autoclean: true,
    text: 'if -k\nalias a y\nelse\nalias a n\nendif\nif ! -k\nalias b y\nelse\nalias b n\nendif\n',
    result: 'alias a {y}\nalias b {y}\n',
  },
  {
    title: 'a defect: a condition within one that does not hold',
    text: 'if 0\nif 1\nalias a leaked\nendif\nalias b hidden\nendif\nif 0\nif 0\nalias c hidden\nelse\nalias d leaked\nendif\nendif\n',
    result: 'alias a {leaked}\nalias d {leaked}\n',
  },
  {
    title: 'a defect: every further else turns the condition over',
    text: 'if 0\nalias a 1\nelse\nalias a 2\nelse\nalias a 3\nelse\nalias b 4\nendif\n',
    result: 'alias a {2}\nalias b {4}\n',
  },
  { title: 'endif alone', text: 'endif\n', result: 'modprobe: unmatched endif in line 1\nrefused\n' },
  { title: 'else alone', text: '\nelse\n', result: 'modprobe: else without if in line 2\nrefused\n' },
  { title: 'elseif alone', text: 'elseif 1\n', result: 'modprobe: elseif without if in line 1\nrefused\n' },
  {
    title: 'a condition that is not closed',
    text: 'if 1\n',
    result: 'modprobe: missing endif at test.conf EOF\nrefused\n',
  },
  {
    title: 'an assignment to endif is no endif',
    text: 'if=1\nalias a b\nendif\nendif=\n',
    result: `${invalid(4, 'endif')}refused\n`,
  },
  {
    title: 'conditions nested too deep',
    text: 'if 1\n'.repeat(21),
    result: "modprobe: Too many nested if's in line 21\n\nrefused\n",
  },
  {
    title: 'a line that is longer than the buffer is cut',
    text: `options x ${'a=1 '.repeat(747)}\nalias a b\n`,
    result: 'alias a {b}\noptions x ' + Array.from({ length: 747 }, () => '{a=1}').join(' ') + '\n',
  },
  {
    title: 'the rest of a line that is longer than the buffer is read as another one',
    text: `options x${' '.repeat(2988)}a=1 b=2\nalias a b\n`,
    result: `${invalid(2, '')}refused\n`,
  },
  {
    title: 'a sound card of its time',
    text: '# sound\nalias char-major-14 sb\npost-install sb /sbin/modprobe "-k" adlib_card\noptions sb io=0x220 irq=5 dma=1 mpu_io=0x330\nadd above sb adlib_card\noptions adlib_card io=0x388     # FM\nalias sound-slot-0 snd-card-0\nabove sound-slot-0 snd-pcm-oss snd-mixer-oss\nalias parport_serial off\nprune .config.gz\ninsmod_opt=-N\n',
    result:
      'prune .config.gz\nabove sb {adlib_card}\nabove sound-slot-0 {snd-pcm-oss} {snd-mixer-oss}\nalias char-major-14 {sb}\nalias sound-slot-0 {snd-card-0}\nalias parport_serial {off}\noptions sb {io=0x220} {irq=5} {dma=1} {mpu_io=0x330}\noptions adlib_card {io=0x388}\npost-install sb {/sbin/modprobe "-k" adlib_card}\ninsmod_opt=-N\n',
  },
  {
    title: 'a file of the same name and another kind',
    text: '# daemon\nMODULES_TO_LOAD="ip_tables iptable_nat"\n',
    result: `${invalid(2, 'MODULES_TO_LOAD')}refused\n`,
  },
];
