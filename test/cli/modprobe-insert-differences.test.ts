/** The insert side of modprobe where kmod is wrong. */
import test from 'ava';

import { RELEASE } from '../fixtures/fixture-root.ts';
import { type Answer, type Kernel, setUp } from './insert-setting.ts';

/** Where kmod is wrong: the answer by default. With --compat=kmod all have kmod's. */
const differences: readonly {
  readonly title: string;
  readonly line: string;
  readonly configuration?: string;
  readonly kernel?: Kernel;
  readonly answer: Answer;
}[] = [
  {
    title: 'an install command wins over soft dependencies',
    line: '-v d',
    configuration: 'install d exit 1\nsoftdep d pre: a\n',
    answer: {
      exitCode: 1,
      stdout: 'insmod TREE/kernel/a.ko \ninstall exit 1 \n',
      stderr:
        "modprobe: ERROR: Error running install command 'exit 1' for module d: retcode 1\nmodprobe: ERROR: could not insert 'd': Invalid argument\nmodprobe: WARNING: unloaded again, as it was loaded for 'd': a\n",
      calls: ['finit a 0', 'delete a 2048'],
    },
  },
  {
    title: 'all softdep lines count',
    line: '-D d',
    configuration: 'softdep d pre: a\nsoftdep d pre: b post: unix\n',
    answer: {
      exitCode: 0,
      stdout:
        'insmod TREE/kernel/a.ko \ninsmod TREE/kernel/a.ko \ninsmod TREE/kernel/b.ko \ninsmod TREE/kernel/d.ko \nbuiltin unix\n',
      stderr: '',
      calls: [],
    },
  },
  {
    title: 'of the modules of an alias one is enough',
    line: 'pci:v1',
    kernel: { refusals: { e: -19 } },
    answer: {
      exitCode: 0,
      stdout: '',
      stderr: "modprobe: ERROR: could not insert 'e': No such device\n",
      calls: ['finit d 0', 'finit e 0'],
    },
  },
  {
    title: 'a command that a signal ends has failed',
    line: 'd',
    configuration: 'install d kill -KILL $$\n',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: Error running install command 'kill -KILL $$' for module d: ended by SIGKILL\nmodprobe: ERROR: could not insert 'd': Invalid argument\n",
      calls: [],
    },
  },
  {
    title: 'options are no part of a command',
    line: 'd x=$(echo${IFS}owned) y=`id`;exit',
    configuration: 'install d echo $CMDLINE_OPTS\n',
    answer: { exitCode: 0, stdout: 'x=$(echo${IFS}owned) y=`id`;exit\n', stderr: '', calls: [] },
  },
  {
    title: 'a dependency that failed is named, and what was loaded goes again',
    line: 'c',
    kernel: { refusals: { b: -19 } },
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'c': No such device\nmodprobe: ERROR: 'c' needs 'b', and that is what failed\nmodprobe: WARNING: unloaded again, as it was loaded for 'c': a\n",
      calls: ['finit a 0', 'finit b 0', 'delete a 2048'],
    },
  },
  {
    title: 'a dependency without a file is not left out',
    line: '-D needs-lost',
    answer: {
      exitCode: 0,
      stdout: 'insmod TREE/kernel/a.ko \ninsmod TREE/kernel/lost.ko \ninsmod TREE/kernel/needs-lost.ko \n',
      stderr:
        "modprobe: ERROR: The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\n",
      calls: [],
    },
  },
  {
    title: 'a module without the file of a dependency is not tried',
    line: 'needs-lost',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'needs_lost': The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\n",
      calls: [],
    },
  },
  {
    title: 'a file that is missing or too short is told of as such',
    line: '-a lost tiny',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'lost': The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\nmodprobe: ERROR: could not insert 'tiny': The module file TREE/kernel/tiny.ko has only 3 bytes and is none.\n",
      calls: [],
    },
  },
  {
    title: 'a file that is named stands for its module wherever that is needed',
    line: '-D ./x/a.ko',
    configuration: 'softdep a post: b\n',
    answer: {
      exitCode: 0,
      stdout: 'insmod ROOT/./x/a.ko \ninsmod ROOT/./x/a.ko \ninsmod TREE/kernel/b.ko \n',
      stderr: '',
      calls: [],
    },
  },
];

for (const { title, line, configuration = '', kernel, answer } of differences)
  test(`${title}; for kmod it is otherwise`, async (t) => {
    const { kmod, ours, root } = await setUp(t);
    const theirs = await kmod(line, configuration, kernel);
    t.notDeepEqual(await ours(line, configuration, kernel), theirs);
    const { stdout, stderr, ...rest } = await ours(line, configuration, kernel);
    const plain = (text: string): string =>
      text.replaceAll(`${root.path}/lib/modules/${RELEASE}`, 'TREE').replaceAll(root.path, 'ROOT');
    t.deepEqual({ ...rest, stdout: plain(stdout), stderr: plain(stderr) }, answer);
    t.deepEqual(await ours(`--compat=kmod ${line}`, configuration, kernel), theirs);
  });
