import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { launcherText } from '../../src/demand/launcher.ts';
import { auditFiles } from '../../src/index.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  t.is(process.geteuid?.(), 0, 'these tests give files away, which only root can');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({ modules: { one: { path: 'kernel/a/one.ko' }, two: { path: 'kernel/a/two.ko' } } });
  root.write('etc/modprobe.d/a.conf', 'blacklist one\n');
  root.write('etc/depmod.d/a.conf', '');
  root.write('etc/modules.conf', '');
  root.write('etc/modules-load.d/a.conf', 'one\n');
  root.write('proc/sys/kernel/modprobe', '/sbin/modprobe\n');
  chmodSync(root.write('sbin/modprobe', '\x7fELF'), 0o755);
  mkdirSync(join(root.path, 'usr/src'), { recursive: true });
  symlinkSync('/nowhere', join(root.path, `lib/modules/${RELEASE}/build`));
  for (const name of readdirSync(root.path, { recursive: true, encoding: 'utf8' })) {
    const path = join(root.path, name);
    if (!name.endsWith('build')) chmodSync(path, statSync(path).mode & ~0o022);
  }
  return root;
}

const audit = (root: FixtureRoot): ReturnType<typeof auditFiles> =>
  auditFiles({ root: root.path, kernelRoot: root.path, release: RELEASE });

test('files of root that only root can change: nothing is found', (t) => {
  const { looked, findings } = audit(setUp(t));
  t.deepEqual(findings, []);
  t.true(looked >= 16, String(looked));
});

test('owner, mode, setuid bits and links, each with its place and what helps', (t) => {
  const tree = `lib/modules/${RELEASE}`;
  const changes: readonly (readonly [string, string, (path: string) => void, string | null])[] = [
    ['owner', `${tree}/kernel/a/one.ko`, (path) => chownSync(path, 1000, 0), 'chown -h root:root PATH'],
    ['mode', `${tree}/kernel/a/one.ko`, (path) => chmodSync(path, 0o646), 'chmod go-w PATH'],
    ['mode', `${tree}/modules.dep.bin`, (path) => chmodSync(path, 0o666), 'chmod go-w PATH'],
    ['setuid', `${tree}/kernel/a/two.ko`, (path) => chmodSync(path, 0o4755), 'chmod ug-s PATH'],
    ['owner', 'etc/modprobe.d/a.conf', (path) => chownSync(path, 1000, 0), 'chown -h root:root PATH'],
    ['mode', 'etc/depmod.d', (path) => chmodSync(path, 0o777), 'chmod go-w PATH'],
    ['mode', 'etc/modules.conf', (path) => chmodSync(path, 0o666), 'chmod go-w PATH'],
    ['mode', 'etc/modules-load.d/a.conf', (path) => chmodSync(path, 0o666), 'chmod go-w PATH'],
    ['mode', 'sbin/modprobe', (path) => chmodSync(path, 0o777), 'chmod go-w PATH'],
    ['setuid', 'sbin/modprobe', (path) => chmodSync(path, 0o6755), 'chmod ug-s PATH'],
    ['link', 'etc/modprobe.d/b.conf', (path) => symlinkSync('/nowhere/b.conf', path), null],
  ];
  for (const [kind, path, change, remedy] of changes) {
    const root = setUp(t);
    const place = join(root.path, path);
    change(place);
    const { findings } = audit(root);
    t.like(findings[0], { kind, place, remedy: remedy?.replace('PATH', place) ?? null }, path);
    t.is(findings.length, 1, JSON.stringify(findings));
  }
});

test('a folder above concerns all that is below it, and is told of once', (t) => {
  const root = setUp(t);
  const folder = join(root.path, `lib/modules/${RELEASE}/kernel/a`);
  chownSync(folder, 1000, 0);
  const { findings } = audit(root);
  t.deepEqual(
    findings.map(({ kind, place, files }) => [kind, place, files]),
    [['owner', folder, 3]],
  );
});

test('a link in a folder that others may write to, and a name that a shell would take apart', (t) => {
  const root = setUp(t);
  const shared = join(root.path, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  const target = root.write('etc/target.conf', '');
  symlinkSync(target, join(shared, 'link'));
  lchownSync(join(shared, 'link'), 1000, 0);
  symlinkSync(join(shared, 'link'), join(root.path, 'etc/modprobe.d/c.conf'));
  chmodSync(root.write("etc/modprobe.d/it's.conf", ''), 0o666);
  const { findings } = audit(root);
  t.deepEqual(
    findings.map(({ kind, place }) => [kind, place.slice(root.path.length)]),
    [
      ['owner', '/shared/link'],
      ['mode', "/etc/modprobe.d/it's.conf"],
    ],
  );
  t.is(findings[1]?.remedy, String.raw`chmod go-w '${root.path}/etc/modprobe.d/it'\''s.conf'`);
});

test('kmodctl audit: exit code 1 when something is found', async (t) => {
  const root = setUp(t);
  const place = ['-d', root.path, '-S', RELEASE];
  const clean = await runCli(root, ['kmodctl', 'audit', '--files', ...place]);
  t.is(clean.exitCode, 0);
  t.regex(clean.stdout, /^\d+ files looked at, 0 findings\.\n$/);
  const file = join(root.path, `lib/modules/${RELEASE}/kernel/a/one.ko`);
  chownSync(file, 1000, 0);
  const { exitCode, stdout } = await runCli(root, ['kmodctl', 'audit', ...place]);
  t.is(exitCode, 1);
  t.regex(
    stdout,
    /one\.ko belongs to the user 1000 and not to root: .*\n {2}remedy: chown -h root:root \S+one\.ko\n\d+ files looked at, 1 finding\.\n$/,
  );
  t.is((await runCli(root, ['kmodctl', 'audit', 'x'])).exitCode, 1);
});

test('of a root that is not there nothing is said to be in order', async (t) => {
  const root = setUp(t);
  for (const path of ['/nosuch', '/etc/modules.conf', '/etc/modules.conf/x']) {
    const answer = await runCli(root, ['kmodctl', 'audit', '-d', `${root.path}${path}`]);
    t.like(answer, { exitCode: 1, stdout: '' });
    t.true(answer.stderr.includes('there is no such folder'), path);
  }
});

test('a link that leads to itself, and a name that is no UTF-8, are seen as well', (t) => {
  const root = setUp(t);
  const folder = join(root.path, 'etc/modprobe.d');
  symlinkSync('loop.conf', join(folder, 'loop.conf'));
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff]), Buffer.from('.conf')]);
  writeFileSync(path, 'install one /bin/true\n');
  chmodSync(path, 0o666);
  t.like(audit(root).findings, [
    { kind: 'link', place: `${folder}/loop.conf` },
    { kind: 'mode', place: `${folder}/\udcff.conf` },
  ]);
});

test('a folder that may not be read is told of, and not taken for an empty one', (t) => {
  const root = setUp(t);
  chmodSync(root.path, 0o755);
  chmodSync(join(root.path, 'etc/modprobe.d'), 0o700);
  const module = JSON.stringify(resolve('dist/lib/index.js'));
  const place = JSON.stringify({ root: root.path, kernelRoot: root.path, release: RELEASE });
  const program = `import { auditFiles } from ${module}; console.log(JSON.stringify(auditFiles(${place}).findings));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    uid: 1000,
    gid: 1000,
    cwd: '/',
    encoding: 'utf8',
  });
  t.is(stderr, '');
  t.like(JSON.parse(stdout), [{ kind: 'unreadable', place: join(root.path, 'etc/modprobe.d') }]);
});

test("the launcher's own modules.conf decides as well", (t) => {
  const root = setUp(t);
  chmodSync(root.write('sbin/modprobe', launcherText(['--modules-conf=/opt/old.conf'])), 0o755);
  chmodSync(root.write('opt/old.conf', ''), 0o666);
  chmodSync(join(root.path, 'opt'), 0o755);
  const place = join(root.path, 'opt/old.conf');
  t.like(
    audit(root).findings.find((finding) => finding.place === place),
    { kind: 'mode', file: place },
  );
});
