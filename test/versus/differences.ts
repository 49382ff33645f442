/** Command lines that ours answers as kmod does with `--compat=kmod` only. docs/compatibility.md has a row for each. */
import type { LineDifference } from './table.ts';

const TREE = 'BASE/lib/modules/6.99.0-test/kernel';

export const differences: readonly LineDifference[] = [
  {
    line: 'modprobe TREE -C indented.conf -D kv_b',
    because: 'an indented comment is a comment',
    ours: { exitCode: 0, stdout: `insmod ${TREE}/kv_b.ko ok=1 \n`, stderr: '' },
  },
  {
    line: 'modprobe TREE -C windows.conf -D kv_b',
    because: 'a carriage return belongs to the end of the line',
    ours: { exitCode: 0, stdout: `insmod ${TREE}/kv_b.ko \n`, stderr: '' },
  },
  {
    line: 'modprobe TREE -C windows.conf -b -D kv_b',
    because: 'a carriage return belongs to the end of the line',
    ours: { exitCode: 0, stdout: '', stderr: '' },
  },
  {
    line: 'modprobe TREE -C blanks.conf -D kv_b',
    because: 'two blanks separate as any number does',
    ours: { exitCode: 0, stdout: `insmod ${TREE}/kv_c.ko \ninsmod ${TREE}/kv_b.ko \n`, stderr: '' },
  },
  {
    line: 'modprobe TREE -C blocked.conf -D kv_b',
    because: 'an install command holds for a module with soft dependencies too',
    ours: { exitCode: 0, stdout: `insmod ${TREE}/kv_c.ko \ninstall /bin/false \n`, stderr: '' },
  },
  {
    line: 'modprobe TREE -C blocked.conf -D kv_a',
    because: 'an install command holds for a module with soft dependencies in its file too',
    ours: { exitCode: 0, stdout: `insmod ${TREE}/kv_c.ko \ninstall /bin/false \n`, stderr: '' },
  },
  {
    line: 'modprobe TREE -C both.conf -D kv_b',
    because: 'all lines of softdep count',
    ours: {
      exitCode: 0,
      stdout: `insmod ${TREE}/kv_c.ko \ninstall echo b \ninsmod ${TREE}/kv_d.ko \n`,
      stderr: '',
    },
  },
  {
    line: 'modprobe TREE -C softdeps.conf -c',
    because: 'the two lists of a softdep are separate words',
    ours: { exitCode: 0, stderr: '' },
    output: /^softdep kv_b pre: kv_c kv_d post: kv_e$/m,
  },
  {
    line: 'modprobe TREE -C empty.d ./files/empty.ko',
    because: 'the message says what is wrong with the file',
    ours: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'empty': The module file BASE/./files/empty.ko has only 0 bytes and is none.\n",
    },
  },
  {
    line: 'modprobe TREE -C empty.d ./files',
    because: 'the message names the file',
    ours: { exitCode: 1, stdout: '' },
    message:
      /^modprobe: ERROR: could not insert 'files': The module file \S+\/files cannot be read: EISDIR.* It is a folder: name a module/,
  },
  {
    line: 'modprobe TREE -C empty.d kv-top',
    because: 'the message names the dependency that failed',
    ours: { exitCode: 1, stdout: '' },
    message:
      /^modprobe: ERROR: could not insert 'kv_\w+': .*\nmodprobe: ERROR: 'kv_\w+' needs 'kv_base', and that is what failed\n$/,
  },
  {
    line: 'modprobe TREE -C empty.d BASE/files/kv_mid.ko',
    because: 'the message names the dependency that failed',
    ours: { exitCode: 1, stdout: '' },
    message:
      /^modprobe: ERROR: could not insert 'kv_\w+': .*\nmodprobe: ERROR: 'kv_\w+' needs 'kv_base', and that is what failed\n$/,
  },
  {
    line: 'modprobe TREE -C empty.d --show-exports kv_base',
    because: 'a module may be named',
    ours: { exitCode: 0, stdout: '0x0000100b\tkv_base_one\n0x0000100b\tkv_base_two\n', stderr: '' },
  },
  {
    line: 'modprobe TREE -C empty.d --show-modversions kv_mid',
    because: 'a module may be named',
    ours: { exitCode: 0, stdout: '0x0000100b\tkv_base_one\n', stderr: '' },
  },
];
