import type { RootFile } from '../reference/kmod-root.ts';
import type { ReferenceVersion } from '../reference/reference-kmod.ts';
import { commandLines } from './command-line-sets.ts';

/** Release of the module folder of the sets. */
export const SET_RELEASE = '6.99.0-test';
/** The module folder of the sets, below the root. */
export const SET_TREE = `lib/modules/${SET_RELEASE}`;

/** Configuration of a machine, to compare what kmod and we make of it. */
export interface ConfigSet {
  readonly name: string;
  /** Files below the root. */
  readonly files: Readonly<Record<string, RootFile>>;
  /** `-C PATH…`; `ROOT` in it stands for the root. Default: none, so the default folders are read. */
  readonly args?: readonly string[];
  /** The versions of kmod whose answer is ours. Default: all. */
  readonly versions?: readonly ReferenceVersion[];
  /**
   * Where kmod is wrong: the files with which it gives the answer that we give by default. With `--compat=kmod` the answer is
   * kmod's on the files themselves.
   */
  readonly meant?: Readonly<Record<string, RootFile>>;
}

type Details = Partial<Omit<ConfigSet, 'name' | 'files'>>;

const FILE = 'etc/modprobe.d/x.conf';

const text = (name: string, content: string | Uint8Array, details: Details = {}): ConfigSet => ({
  name,
  files: { [FILE]: content },
  ...details,
});
const meant = (content: string): Details => ({ meant: { [FILE]: content } });
const only34: Details = { versions: ['34.2'] };

/** One file with one kind of line. */
const directives: readonly ConfigSet[] = [
  text('nothing', ''),
  text('comments and blanks', '# one\n#two\n\n \t \n#\n'),
  text('alias', 'alias a b\nalias a-b-* c-d\nalias a c\nalias x off\n'),
  text('alias: more words than two', 'alias a b c d\nalias a\tb\tc\n'),
  text('alias: too few words', 'alias\nalias \nalias a\nalias a \nalias a\t\t\n'),
  text('alias: brackets', 'alias a-[b-c]-d e-f\nalias [-] x-y\nalias a[]-]-b c\nalias [[-]-x y\n'),
  text(
    'alias: bad brackets',
    'alias a[ b\nalias a] b\nalias a b[\nalias a b]\nalias a[b]] c\nalias a[b][c d\n',
  ),
  text('alias: wildcards of all kinds', 'alias ?-* m\nalias pci:v0000[!0-9]* m\nalias a\\\\*b m\n'),
  text('blacklist', 'blacklist a\nblacklist foo-bar\nblacklist a\nblacklist a b c\nblacklist  \ta\n'),
  text('blacklist: no name', 'blacklist\nblacklist \nblacklist \t\n'),
  text('blacklist: brackets', 'blacklist a[-]-b\nblacklist a[\nblacklist ]\n'),
  text('options', 'options m a=1 b=2\noptions m-n a-b=c-d\noptions m a="b  c" d\noptions m a=1\n'),
  text('options: blanks', 'options m  a=1\noptions  m a=1  \noptions\tm\ta=1\tb=2\noptions m \t a=1\n'),
  text(
    'options: nothing to set',
    'options\noptions m\noptions m \noptions m  \noptions m\t\noptions m\t\t\n',
  ),
  text('options: brackets', 'options a[-]-b c=1\noptions a[ c=1\noptions * a=1\n'),
  text('install', 'install m-n /bin/true\ninstall snd-* a  b\tc\ninstall m second\n'),
  text(
    'install: variables and quotes',
    'install m /sbin/modprobe --ignore-install m $CMDLINE_OPTS && echo "a b" \'c\'\n',
  ),
  text('install: nothing to run', 'install\ninstall m\ninstall m \ninstall m  \n'),
  text('install: a comment behind it is part of it', 'install m true # why\n'),
  text('remove', 'remove m-n /bin/true\nremove m second $CMDLINE_OPTS\nremove m\nremove\n'),
  text('softdep', 'softdep m pre: a b\nsoftdep m-n post: c-d\nsoftdep m post: x\n'),
  text('softdep: before and after', 'softdep m pre: a b post: c d\nsoftdep n post: a pre: b\n'),
  text('softdep: markers again', 'softdep m pre: a pre: b post: c post: d\nsoftdep m pre: pre: a\n'),
  text(
    'softdep: words without a marker',
    'softdep m a b\nsoftdep m a pre: b\nsoftdep m pre:a\nsoftdep m pre : a\n',
  ),
  text(
    'softdep: nothing',
    'softdep\nsoftdep m\nsoftdep m \nsoftdep m  \nsoftdep m pre:\nsoftdep m pre: post:\n',
  ),
  text('softdep: white space of all kinds', 'softdep m pre:\ta\vb\fc\td  post:  e \n'),
  text('softdep: globs and brackets', 'softdep snd-* pre: a\nsoftdep a[-]-b pre: c\nsoftdep a[ pre: b\n'),
  text('weakdep', 'weakdep m a-b c\nweakdep m-n\ta\nweakdep m d\nweakdep a[ b\n', only34),
  text('weakdep: nothing', 'weakdep\nweakdep m\nweakdep m \nweakdep m  \nweakdep m \t \n', only34),
  text('weakdep, which kmod 30 does not know', 'weakdep m a\n', only34),
  text(
    'softdep: two separators behind the name',
    'softdep m  pre: a post: b\nsoftdep n\t\tpost: c\nsoftdep o   pre: d\n',
    meant('softdep m pre: a post: b\nsoftdep n post: c\nsoftdep o pre: d\n'),
  ),
  text('weakdep: two separators behind the name', 'weakdep m  a b\nweakdep n \tc\nweakdep o   d\n', {
    ...only34,
    ...meant('weakdep m a b\nweakdep n c\nweakdep o d\n'),
  }),
  text('what is deprecated', 'include\ninclude x\nconfig\nconfig a b\n'),
  text('what is unknown', 'bogus\nAlias a b\nOPTIONS m a=1\noption m a\nbelow a b\nsearch x\n'),
  text(
    'all directives in any order',
    'softdep m pre: a\noptions m a=1\nremove m r\nalias a m\ninstall m i\nblacklist m\noptions m b=2\n',
  ),
];

/** How lines are put together. */
const lines: readonly ConfigSet[] = [
  text('no newline at the end', 'blacklist a\nblacklist b'),
  // kmod 30 makes a byte of the end of the file.
  text('a backslash at the end', 'blacklist a\nblacklist b\\', only34),
  text('a backslash and a newline at the end', 'blacklist a\\\n'),
  text('continued lines', 'options m a=1 \\\nb=2\\\n c=3\nblacklist \\\n  x\nbogus\n'),
  text('a continued word', 'opt\\\nions m a\\\nb=1\nbogus\n'),
  text('continued many times', `options m${' \\\na=1'.repeat(300)}\nbogus\n`),
  text('lines that only continue', '\\\n\\\n\\\nblacklist a\n\\\n\nbogus\n'),
  text('continued lines that are bad', 'bogus \\\nmore \\\nend\nalso\n'),
  text('a comment that goes on', '# a \\\nblacklist b\nblacklist c\n'),
  text('backslashes within', 'install m echo a\\b\\\\c\\ d\\"e\\\\\\"\nalias a\\*b c\nopti\\ons m a\\=1\n'),
  text('backslashes that end words', 'install m a\\\\\\\nb\noptions m a\\\\\nbogus\n'),
  text('tabs', '\tblacklist\ta\n\t \toptions\tm\ta=1\t\n\talias\ta\tb\t\n'),
  text('blanks in front', '   blacklist a\n \toptions m a=1\n'),
  text('NULs', 'blacklist a\0b\noptions m a\0\nalias a\0 b\n\0blacklist c\nblacklist d\n'),
  text('a NUL and a backslash', 'blacklist a\0\\\nblacklist b\nblacklist c\n'),
  text('vertical tabs and form feeds', 'blacklist\va\nblacklist a\vb\n\fblacklist c\noptions m a\fb\n'),
  text('long lines', `options m a=${'x'.repeat(10_000)}\nblacklist ${'y'.repeat(3000)}\n`),
  text('a long word that is bad', `${'x'.repeat(6000)} y\n`),
  text('bytes above ASCII', Buffer.from('options m a=é\nblacklist é-è\ninstall m é\n')),
  text(
    'bytes that are no UTF-8',
    Buffer.from('options m a=\xe9\xff\nblacklist \x80-\xc3\nsoftdep m pre: \xfe\n\xe9 x\n', 'latin1'),
  ),
  text('a byte order mark', '\ufeff# comment\nblacklist a\n'),
  text('a web page', '<!DOCTYPE html>\n<html>\n  <p>404</p>\n</html>\n'),
  text('a comment that is indented', '  # one\n\t#two\nblacklist a\n', meant('#\n#\nblacklist a\n')),
  text(
    'an indented comment that goes on',
    ' # one \\\nbogus\nblacklist a\n',
    meant('# one \\\nbogus\nblacklist a\n'),
  ),
  text(
    'carriage returns',
    'blacklist a\r\n\r\noptions m a=1 \\\r\n b=2\r\nbogus\r\n',
    meant('blacklist a\n\noptions m a=1 \\\n b=2\nbogus\n'),
  ),
  text('a carriage return at the end', 'blacklist a\nblacklist b\r\n', meant('blacklist a\nblacklist b\n')),
  text('carriage returns within', 'blacklist a\rb\n\rblacklist c\noptions m a=\r1\n'),
];

const folder = (path: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [`${path}/${name}`, `blacklist ${path.replaceAll('/', '.')}.${name}\n`]),
  );

/** Which files are read, and in which order. */
const places: readonly ConfigSet[] = [
  { name: 'no folder at all', files: {} },
  {
    name: 'all default folders',
    files: {
      ...folder('etc/modprobe.d', ['e.conf', 'all.conf']),
      ...folder('run/modprobe.d', ['d.conf', 'all.conf']),
      ...folder('usr/local/lib/modprobe.d', ['c.conf', 'all.conf', 'three.conf']),
      ...folder('usr/lib/modprobe.d', ['b.conf', 'all.conf', 'three.conf', 'two.conf']),
      ...folder('lib/modprobe.d', ['a.conf', 'all.conf', 'three.conf', 'two.conf']),
    },
    // kmod 30 does not know /usr/lib/modprobe.d.
    ...only34,
  },
  {
    name: 'lib is a link to usr/lib',
    files: { ...folder('usr/lib/modprobe.d', ['b.conf', 'a.conf']), lib: { link: 'usr/lib' } },
  },
  {
    name: 'names that count',
    files: folder('etc/modprobe.d', [
      'a.conf',
      '.a.conf',
      '.conf',
      'x.con',
      'b.conf~',
      'c.conf.bak',
      'CONF.CONF',
      'a.b.conf',
      ' .conf',
      'aconf',
    ]),
  },
  {
    name: 'names that end in .alias, which kmod 30 reads',
    files: folder('etc/modprobe.d', ['x.alias']),
    ...only34,
  },
  {
    name: 'the order of names',
    files: folder('etc/modprobe.d', [
      'b.conf',
      'a.conf',
      'B.conf',
      '10-a.conf',
      '9-a.conf',
      '_.conf',
      '~.conf',
      'a-b.conf',
      'a.b.conf',
      'é.conf',
      'z.conf',
      '😀.conf',
      '\uffee.conf',
    ]),
  },
  {
    name: 'a link to /dev/null hides',
    files: {
      ...folder('lib/modprobe.d', ['a.conf', 'b.conf']),
      'etc/modprobe.d/a.conf': { link: '/dev/null' },
      'dev/null': '',
    },
  },
  {
    name: 'an empty file hides',
    files: { ...folder('lib/modprobe.d', ['a.conf', 'b.conf']), 'run/modprobe.d/b.conf': '' },
  },
  {
    name: 'a link to a file',
    files: { 'etc/modprobe.d/a.conf': { link: '../other' }, 'etc/other': 'blacklist a\n' },
  },
  {
    name: 'a folder within',
    files: { ...folder('etc/modprobe.d', ['a.conf', 'sub/b.conf']), 'etc/modprobe.d/dir.conf': null },
  },
  {
    name: 'a folder within does not hide',
    files: { ...folder('lib/modprobe.d', ['dir.conf']), 'etc/modprobe.d/dir.conf': null },
  },
  {
    name: 'a link to nothing',
    files: { ...folder('lib/modprobe.d', ['a.conf']), 'etc/modprobe.d/a.conf': { link: 'nowhere' } },
    ...only34,
  },
  {
    name: 'the folder is a file',
    files: { 'etc/modprobe.d': 'blacklist a\n', ...folder('lib/modprobe.d', ['a.conf']) },
  },
  {
    name: '-C folder',
    files: { ...folder('etc/modprobe.d', ['a.conf']), ...folder('conf', ['b.conf', 'readme']) },
    args: ['-C', 'conf'],
  },
  {
    name: '-C folder with a slash behind',
    files: folder('conf', ['b.conf', 'bad.conf/x']),
    args: ['-C', 'conf/'],
  },
  {
    name: '-C absolute folder',
    files: { ...folder('conf', ['b.conf']), 'conf/c.conf': 'bogus\n' },
    args: ['-C', 'ROOT/conf'],
  },
  { name: '-C file', files: { file: 'blacklist a\nbogus\n' }, args: ['-C', 'file'] },
  { name: '-C file, relative', files: { file: 'bogus\n' }, args: ['-C', './file'] },
  { name: '-C nothing', files: folder('etc/modprobe.d', ['a.conf']), args: ['-C', 'missing'] },
  {
    name: '-C /dev/null',
    files: { ...folder('etc/modprobe.d', ['a.conf']), 'dev/null': '' },
    args: ['-C', 'ROOT/dev/null'],
  },
  {
    name: '-C twice, the first is the stronger',
    files: { ...folder('one', ['a.conf', 'c.conf']), ...folder('two', ['a.conf', 'b.conf']) },
    args: ['-C', 'one', '-C', 'two'],
  },
  {
    name: '-C twice, the other way',
    files: { ...folder('one', ['a.conf', 'c.conf']), ...folder('two', ['a.conf', 'b.conf']) },
    args: ['-C', 'two', '--config=one'],
  },
  {
    name: '-C a file that a folder has too',
    files: { 'x/a.conf': 'blacklist x\n', ...folder('conf', ['a.conf', 'b.conf']) },
    args: ['-C', 'conf', '-C', 'x/a.conf'],
  },
  {
    name: '-C the same twice',
    files: folder('conf', ['a.conf', 'bad.conf/x']),
    args: ['-C', 'conf', '-C', 'conf'],
  },
  {
    name: '-C files that are sorted by name',
    files: { 'x/b': 'blacklist b\n', 'y/a': 'blacklist a\n' },
    args: ['-C', 'x/b', '-C', 'y/a'],
  },
  { name: 'quiet', files: { [FILE]: 'bogus\n' }, args: ['-q'] },
  { name: 'verbose', files: { [FILE]: 'bogus\nblacklist a\n' }, args: ['-v'] },
  {
    name: 'operands and other kinds of work',
    files: { [FILE]: 'blacklist a\n' },
    args: ['-r', '-a', 'none', 'x=1'],
  },
];

/** What the tree itself brings. */
const trees: readonly ConfigSet[] = [
  {
    name: "the tree's softdep file",
    files: {
      [`${SET_TREE}/modules.softdep`]: '# from modules\nsoftdep m pre: a post: b\nsoftdep m-n pre: c-d\n',
    },
  },
  {
    name: "the tree's softdep file among others",
    files: {
      [`${SET_TREE}/modules.softdep`]: 'softdep m pre: tree\n',
      'etc/modprobe.d/a.conf': 'softdep m pre: a\n',
      'etc/modprobe.d/n.conf': 'softdep m pre: n\n',
      'etc/modprobe.d/modules.conf': 'softdep m pre: m\n',
      'etc/modprobe.d/modules.softdep.conf': 'softdep m pre: l\n',
    },
  },
  {
    name: "the tree's weakdep file",
    files: { [`${SET_TREE}/modules.weakdep`]: 'weakdep m a b\nweakdep n c-d\n', [FILE]: 'weakdep m x\n' },
    ...only34,
  },
  {
    name: 'other lines in the softdep file',
    files: { [`${SET_TREE}/modules.softdep`]: 'alias a b\noptions m a=1\nbogus\nsoftdep\n' },
  },
  {
    name: 'a file named as the softdep file',
    files: {
      [`${SET_TREE}/modules.softdep`]: 'softdep m pre: tree\n',
      'x/modules.softdep': 'softdep m pre: x\n',
    },
    args: ['-C', 'x/modules.softdep'],
  },
  {
    name: 'a file named as a softdep file that is not there',
    files: { 'x/modules.softdep': 'softdep m pre: x\n' },
    args: ['-C', 'x/modules.softdep'],
  },
];

/** Configuration sets on which kmod and we are to agree. */
export const configSets: readonly ConfigSet[] = [
  ...directives,
  ...lines,
  ...places,
  ...trees,
  ...commandLines.map(({ name, line, meant: other }) => ({
    name: `kernel command line: ${name}`,
    files: { 'proc/cmdline': line },
    ...(other !== undefined && { meant: { 'proc/cmdline': other } }),
  })),
];
