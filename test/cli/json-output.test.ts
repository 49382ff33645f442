import { readdirSync, readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { schemaFaults, schemaOf } from '../fixtures/json-schema.ts';
import { KALLSYMS } from '../fixtures/symbol-list.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { referenceTree } from '../reference/reference-tree.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      xor: { path: 'xor.ko' },
      btrfs: { path: 'btrfs.ko', needs: ['xor'] },
      odd: { path: 'odd.ko' },
    },
    builtin: ['unix'],
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep btrfs pre: none odd post: unix\n');
  root.writeKernel([]);
  return root;
}

const documents: Set<string> = new Set();

/** Runs a command whose document has to fit its schema, and whose stdout holds nothing else. */
async function documentOf(
  t: ExecutionContext,
  root: FixtureRoot,
  argv: readonly string[],
  verdict?: (call: string) => number | undefined,
): Promise<Record<string, unknown>> {
  const { stdout } = await runCli(root, argv, verdict);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  t.deepEqual(schemaFaults(document), [], argv.join(' '));
  documents.add(String(document['schema']));
  return document;
}

test.serial('loads, unloads, lists, plans and errors fit their schemas', async (t) => {
  const root = setUp(t);
  const place = ['--json', '-d', root.path];
  await documentOf(t, root, ['kmodctl', 'plan', ...place, 'btrfs', 'unix']);
  await documentOf(t, root, ['kmodctl', 'load', '-n', ...place, 'btrfs', 'a=1']);
  const load = await documentOf(t, root, ['kmodctl', 'load', ...place, 'btrfs'], (call) =>
    call.startsWith('finit odd') ? -19 : undefined,
  );
  t.true(JSON.stringify(load).includes('"code":"ENODEV"'));
  root.writeKernel([
    { name: 'btrfs', taints: 'OE' },
    { name: 'xor', refcount: 1, users: ['btrfs'] },
    { name: 'vrf', isPermanent: true },
    { name: 'stuck', refcount: '-' },
    { name: 'coming', refcount: 1, state: 'Loading' },
  ]);
  await documentOf(t, root, ['kmodctl', 'plan', ...place, 'btrfs']);
  await documentOf(t, root, ['kmodctl', 'list', '--json']);
  await documentOf(t, root, ['kmodctl', 'tree', '--json']);
  await documentOf(t, root, ['kmodctl', 'why', ...place, 'xor']);
  await documentOf(t, root, ['kmodctl', 'why', '--not', ...place, 'odd']);
  root.write('proc/kallsyms', KALLSYMS);
  await documentOf(t, root, ['ksyms', '-a', '--json']);
  await documentOf(t, root, ['kmodctl', 'doctor', ...place, 'btrfs']);
  await documentOf(t, root, ['kmodctl', 'doctor', ...place, 'nothing']);
  await documentOf(t, root, ['kmodctl', 'unload', '-n', ...place, 'btrfs']);
  await documentOf(t, root, ['kmodctl', 'unload', ...place, 'btrfs']);
  root.writeTree({ modules: { xor: { path: 'xor.ko' } } });
  root.write(`lib/modules/${RELEASE}/xor.ko`, contents.xz);
  await documentOf(t, root, ['kmodctl', 'plan', ...place, 'xor']);
});

test.serial('who loads modules for the kernel', async (t) => {
  const root = setUp(t);
  root.write('proc/sys/kernel/modprobe', '/sbin/modprobe\n');
  t.like(await documentOf(t, root, ['kmodctl', 'helper', 'status', '--json']), {
    path: '/sbin/modprobe',
    problems: [{ code: 'missing' }],
  });
  const audit = await documentOf(t, root, ['kmodctl', 'audit', '--json', '-d', root.path, '-S', RELEASE]);
  t.true((audit['looked'] as number) > 5);
});

test.serial('what is watched, a document on each line', async (t) => {
  const root = setUp(t);
  root.writeKernel([{ name: 'xor' }]);
  setTimeout(() => root.writeKernel([{ name: 'odd' }]), 100);
  const { stdout } = await runCli(root, [
    'kmodctl',
    'watch',
    '--json',
    '--initial',
    '--count=2',
    '--poll=10',
  ]);
  const lines = stdout.trimEnd().split('\n');
  const types = lines.map((line) => {
    const document = JSON.parse(line) as Record<string, unknown>;
    t.deepEqual(schemaFaults(document), [], line);
    documents.add(String(document['schema']));
    return document['type'];
  });
  t.deepEqual(types, ['notice', 'notice', 'added', 'removed', 'added']);
});

test.serial('an error takes the place of a result; stderr says the same for people', async (t) => {
  const root = setUp(t);
  const place = ['--json', '-d', root.path];
  const error = await documentOf(t, root, ['kmodctl', 'load', ...place, 'btrsf']);
  t.like(error, { schema: 'kmodctl/error/1', error: { code: 'ERR_KMOD_NOT_FOUND' } });
  const refused = await documentOf(t, root, ['kmodctl', 'load', ...place, 'xor'], () => -1);
  t.like(refused, {
    error: { code: 'ERR_KMOD_LOAD_FAILED', cause: { code: 'EPERM', syscall: 'finit_module' } },
  });
  t.regex(String((refused['error'] as Record<string, unknown>)['remedy']), /run as root/);
  t.like(await documentOf(t, root, ['kmodctl', 'list', '--json', 'x']), { error: { code: null } });
  const { stderr, exitCode } = await runCli(root, ['kmodctl', 'list', '--json', '--bogus']);
  t.is(exitCode, 1);
  t.is(stderr, "kmodctl list: unrecognized option '--bogus'\nSee kmodctl list --help.\n");
});

test.serial('modules of a stock kernel, and depmod', async (t) => {
  const root = setUp(t);
  const { directory, release } = await referenceTree('6.12');
  const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
  root.writeKernel([{ name: 'bonding', refcount: 0 }]);
  root.write('sys/module/bonding/parameters/mode', '1\n');
  const info = await documentOf(t, root, [
    'kmodctl',
    'info',
    '--json',
    `--root=${base}`,
    `--release=${release}`,
    'bonding',
    'btrfs',
    'configfs',
  ]);
  const place = [`--root=${base}`, `--release=${release}`];
  await documentOf(t, root, ['kmodctl', 'info', '--json', '--versions', ...place, 'crc16', 'configfs']);
  t.like((info['modules'] as unknown[])[0], { name: 'bonding', loaded: { parameters: { mode: '1' } } });
  await documentOf(t, root, ['modinfo', '--json', '-b', base, '-k', release, 'bonding', 'loop', 'configfs']);
  for (const name of ['xor', 'btrfs', 'odd'])
    root.write(`lib/modules/${RELEASE}/${name}.ko`, moduleImage({ modinfo: ['license=GPL'] }));
  const tree = ['-b', root.path, '-C', '/dev/null', '--no-cache', RELEASE];
  await documentOf(t, root, ['depmod', '--json', '--check', ...tree]);
  await documentOf(t, root, ['depmod', '--json', ...tree]);
  await documentOf(t, root, ['depmod', '--json', '-A', ...tree]);
  await documentOf(t, root, ['depmod', '--json', '-b', '/nowhere', '-C', '/dev/null', '9.9']);
});

test.serial('configuration fits its schemas, that of modprobe.d and a modules.conf', async (t) => {
  const root = setUp(t);
  const place = ['--json', '-d', root.path];
  root.write(
    'etc/modprobe.d/a.conf',
    'alias eth0 odd\noptions xor a=1\nsoftdep odd pre: xor\nblacklist unix\ninstall none true\n',
  );
  root.write('proc/cmdline', 'xor.b=2');
  root.write(`lib/modules/${RELEASE}/modules.alias`, '# Aliases\nalias eth* btrfs\n');
  root.write(
    'modules.conf',
    'path[misc]=/x\nalias eth0 btrfs\noptions -k btrfs a=1\nif -k\nendif\ninsmod_opt=-f\npre-install btrfs A\n',
  );
  const conf = ['--modules-conf=modules.conf', '-d', root.path];
  await documentOf(t, root, ['kmodctl', 'config', ...place, 'show']);
  await documentOf(t, root, ['kmodctl', 'config', ...place, 'explain', 'eth0', 'xor']);
  await documentOf(t, root, ['kmodctl', 'config', ...place, 'lint']);
  for (const action of [['show'], ['explain', 'eth0'], ['lint'], ['convert']]) {
    const { stdout } = await runCli(root, ['kmodctl', 'config', '--json', ...conf, ...action]);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    t.deepEqual(schemaFaults(document), [], action.join(' '));
    documents.add(String(document['schema']));
  }
  const { stdout } = await runCli(root, ['kmodctl', 'config', ...conf, 'explain', 'eth0']);
  t.is(
    stdout.replaceAll(root.path, '').replaceAll(`/lib/modules/${RELEASE}`, ''),
    `eth0 is btrfs
* modules.conf:2: alias eth0 btrfs
* modules.conf:3: options btrfs a=1
* modules.conf:7: pre-install btrfs A
- /etc/modprobe.d/a.conf:1: alias eth0 odd  (modules.conf:2 comes first)
- /modules.alias:2: alias eth* btrfs  (modules.conf:2 comes first)
* /modules.softdep:1: softdep btrfs pre: none odd post: unix
`,
  );
});

test.serial('every schema was used, and every one is documented', (t) => {
  const files = readdirSync('docs/schemas').filter((file) => !file.startsWith('definitions'));
  const names = files.map((file) => file.replace(/^(.*)-(\d+)\.json$/, 'kmodctl/$1/$2'));
  t.deepEqual([...documents].sort(), names.sort());
  const page = readFileSync('docs/json.md', 'utf8');
  for (const name of names) {
    t.is(schemaOf(name).title, name);
    t.true(page.includes(`\`${name}\``), name);
  }
});
