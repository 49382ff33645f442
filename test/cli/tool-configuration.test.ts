/** What the tools besides modprobe say of configuration that is wrong: the real kmod's answer in a root of its own. */
import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { KmodRoot, type RootFile } from '../reference/kmod-root.ts';
import { plainMessages } from '../reference/plain-messages.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

const RELEASE = '6.1.0';

const bad = 'bogus line\noptions\nsoftdep a\nalias x\ninstall\nblacklist\nremove y\n\\\n';
const files: Readonly<Record<string, RootFile>> = {
  'etc/modprobe.d/bad.conf': bad,
  'etc/modprobe.d/dangling.conf': { link: 'nowhere' },
  'etc/depmod.d/bad.conf':
    'bogus line\nsearch\nsearch /nowhere built-in\noverride a\nmake_map_files x\nexternal 6 /x\nexclude\n',
  'etc/depmod.d/other': 'search updates\n',
  'bad.conf': 'search\noverride a\nbogus\n',
  'proc/modules': '',
  'sys/module/x': null,
  'tmp/x.ko': '',
  [`lib/modules/${RELEASE}/kernel`]: null,
};

const lines: readonly string[] = [
  'modinfo nosuch',
  'modinfo /nosuch.ko',
  `modinfo -k ${RELEASE} nosuch`,
  'rmmod nosuch',
  'rmmod -v nosuch',
  'lsmod',
  'insmod /nosuch.ko',
  `modprobe -n -S ${RELEASE} nosuch`,
  `modprobe -r -S ${RELEASE} nosuch`,
  `depmod -n ${RELEASE}`,
  `depmod -n -v ${RELEASE}`,
  `depmod -n -C /bad.conf ${RELEASE}`,
  `depmod -n -C /etc/depmod.d ${RELEASE}`,
  `depmod -n -C /nowhere ${RELEASE}`,
];

test('configuration with mistakes: the words of kmod, in every tool', async (t) => {
  const root = new KmodRoot(await referenceKmod('34.2'));
  t.teardown(() => root.remove());
  root.replaceFiles(files);
  for (const line of lines) {
    const [tool = '', ...args] = line.split(' ');
    const { exitCode, stdout, stderr } = root.runKmod(tool, args);
    const expected = { exitCode, stdout: stdout.toString('latin1'), stderr: plainMessages(stderr) };
    const ours = await runCli(root, oursOf(line, root.path), undefined, { release: RELEASE });
    t.deepEqual(
      { exitCode: ours.exitCode, stdout: ours.stdout, stderr: ours.stderr.replaceAll(root.path, '') },
      expected,
      line,
    );
  }
});

/** Where the root is, and the paths in it. */
function oursOf(line: string, root: string): readonly string[] {
  const [tool = '', ...args] = line.split(' ');
  const option = { modprobe: '-d', depmod: '-b', modinfo: '-b' }[tool];
  // Ours knows no other root for depmod's configuration.
  const folder = tool === 'depmod' && !args.includes('-C') ? ['-C', '/etc/depmod.d'] : [];
  return [
    tool,
    ...(option === undefined ? [] : [option, root]),
    ...[...folder, ...args].map((word) => word.replace(/^\//, `${root}/`)),
  ];
}
