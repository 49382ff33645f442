import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { referenceTree } from '../reference/reference-tree.ts';

const root = new FixtureRoot();
root.writeTree({
  modules: { xor: { path: 'kernel/xor.ko' }, btrfs: { path: 'kernel/btrfs.ko', needs: ['xor'] } },
  builtin: ['unix'],
});
root.writeKernel([{ name: 'xor' }]);
root.write('etc/modprobe.d/no.conf', 'install btrfs /bin/false\n');
test.after.always(() => {
  root.remove();
});

/** Exit code and output of `kmodctl doctor` with the fixture's tree. */
async function doctor(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(
    root,
    ['kmodctl', 'doctor', '-d', root.path, ...argv],
    () => -8,
  );
  return `${exitCode} ${stdout}${stderr}`;
}

test('what is loaded or part of the kernel is in order', async (t) => {
  t.is(await doctor('xor'), '0 xor: is loaded\n');
  t.is(await doctor('unix'), `0 unix: is part of the kernel ${RELEASE}\n`);
});

test('a finding has its cause, what it rests on, and what helps', async (t) => {
  t.is(
    await doctor('btfrs'),
    `1 btfrs: does not load on ${RELEASE}
  No module, alias or built-in part of kernel ${RELEASE} has the name btfrs; the nearest is btrfs.
    cause not-found (certain)
    seen has no btfrs [${root.path}/lib/modules/${RELEASE}/modules.dep.bin and the other indexes]
    remedy modprobe btrfs
    remedy apt install linux-modules-extra-${RELEASE}
    remedy grep -i btfrs /boot/config-${RELEASE}
`,
  );
  const forbidden = await doctor('btrfs');
  t.regex(forbidden, /^1 btrfs: does not load/);
  t.true(forbidden.includes(`seen install btrfs /bin/false [${root.path}/etc/modprobe.d/no.conf:1]\n`));
});

test('another release: the state of the running kernel does not count', async (t) => {
  const { directory, release } = await referenceTree('6.12');
  const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
  const place = ['--kernel', release, '-d', base];
  t.is(await doctor(...place, 'dummy'), `0 dummy: nothing speaks against loading it on ${release}\n`);
  const whole = await doctor('--all', ...place, 'dummy', 'numdummies=many');
  t.regex(whole, /^1 dummy: does not load on /);
  t.regex(whole, /cause parameter-value \(certain, EINVAL\)/);
  t.regex(whole, /^ {2}version magic ok: /m);
  t.notRegex(whole, /permission/);
});

test('no name, and an option that there is not', async (t) => {
  t.regex(await doctor(), /^1 kmodctl doctor: which module\? Give its name or its file\.\n/);
  t.regex(await doctor('--thorough', 'x'), /unrecognized option '--thorough'/);
});
