import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import {
  type Diagnosis,
  diagnose,
  diagnoseSync,
  explanationOf,
  insmod,
  why,
  whyNot,
} from '../../src/index.ts';
import { inquireSync } from '../../src/explain/inquiry.ts';
import { symbolsInKernel } from '../../src/explain/kernel-symbol-list.ts';
import { valueFault } from '../../src/explain/parameter-value.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { resolveKernel } from '../../vm/index.ts';
import { ChangedModule } from '../fixtures/changed-module.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

const root = new FixtureRoot();
root.writeTree({
  modules: {
    tun: { path: 'kernel/tun.ko' },
    loop: { path: 'kernel/loop.ko' },
    snd_pcm: { path: 'kernel/snd-pcm.ko' },
  },
  builtin: ['unix'],
});
root.writeKernel([{ name: 'brd' }]);
root.write(
  'etc/modprobe.d/odd.conf',
  [
    'alias to-nothing nosuchmod',
    'alias several snd-pcm',
    'alias several nosuchmod',
    'alias several unix',
    'alias none-left snd-pcm',
    'alias none-left nosuchmod',
    'blacklist\tsnd-pcm ',
    'install loop /sbin/modprobe -i loop || /bin/false',
    'install tun logger no; /bin/false',
    '',
  ].join('\n'),
);
test.after.always(() => {
  root.remove();
});

async function ask(name: string): Promise<Diagnosis> {
  return await diagnose(name, { root: root.path, kernelRoot: root.path, release: RELEASE, running: false });
}

test('the name of a file without a slash: no module has it, and the indexes are in order', async (t) => {
  const { cause, findings } = await ask('snd-pcm.ko.xz');
  t.is(cause, 'not-found');
  t.deepEqual(findings[0]?.remedies, ['modprobe snd_pcm']);
});

test('an alias of the configuration that leads to nothing', async (t) => {
  const { cause, verdict, findings } = await ask('to-nothing');
  t.is(verdict, 'fails');
  t.is(cause, 'not-found');
  t.deepEqual(findings[0]?.remedies, [`depmod -b ${root.path} ${RELEASE}`]);
});

test('of several modules with one name one that is there or works is enough', async (t) => {
  const { verdict, module, findings } = await ask('several');
  t.is(verdict, 'built-in');
  t.is(module, 'unix');
  t.is(findings[0]?.cause, 'config-blacklist');
  t.true(findings.every(({ refused }) => !refused));
  const none = await ask('none-left');
  t.is(none.cause, 'config-blacklist');
  t.is(none.verdict, 'fails');
});

test('a blacklist line is found by its remedy however it is spelled', async (t) => {
  const { findings } = await ask('none-left');
  const file = `${root.path}/etc/modprobe.d/odd.conf`;
  t.deepEqual(findings[0]?.remedies, [
    'modprobe snd_pcm',
    String.raw`sed -i -E '/^\s*blacklist\s+snd[-_]pcm\s*$/d' ${file}`,
  ]);
});

/** Whether the install command of a module is told of as a refusal, and how sure that is. */
async function commandOf(name: string): Promise<readonly string[]> {
  return (await ask(name)).findings
    .filter(({ cause }) => cause === 'install-command')
    .map(({ refused, confidence }) => `${refused} ${confidence}`);
}

test('a command that only fails when another one did forbids nothing', async (t) => {
  t.deepEqual(await commandOf('loop'), ['false possible']);
  t.deepEqual(await commandOf('tun'), ['true certain']);
});

test('remedies are commands whatever the name of the file', async (t) => {
  const file = root.write("a 'b;c.ko", `#!/bin/sh\n${' '.repeat(100)}`);
  const { cause, findings } = await ask(file);
  t.is(cause, 'not-elf');
  t.is(findings[0]?.remedies[0], String.raw`file '${root.path}/a '\''b;c.ko'`);
});

test('a file whose name has a meaning in expressions is explained like any other', async (t) => {
  const file = root.write('a(b[.ko', Buffer.alloc(100));
  const syscalls = new RecordingCalls(root, () => -19);
  const error: unknown = await insmod(file, '', { kernelRoot: root.path, syscalls }).catch(
    (thrown: unknown) => thrown,
  );
  t.is(explanationOf(error)?.cause, 'no-device');
});

test('what may not be looked at is no end: the image of the kernel, its index', async (t) => {
  const { moduleDirectory, release } = await resolveKernel('6.12');
  const path = new ModuleTree({ moduleDirectory }).dependencyLine('dummy')?.path ?? '';
  const place = new FixtureRoot();
  t.teardown(() => {
    place.remove();
  });
  const file = place.write('dummy.ko', new ChangedModule(path).bytes);
  place.write('boot/config', '');
  place.writeTree({ modules: { tun: { path: 'kernel/tun.ko' } } });
  // To root everything is open: links that lead to themselves fail for all.
  symlinkSync(`vmlinuz-${release}`, join(place.path, `boot/vmlinuz-${release}`));
  const options = { root: place.path, kernelRoot: place.path, configuration: false, running: false } as const;
  t.is((await diagnose(file, { ...options, moduleDirectory, release })).verdict, 'no-fault');
  const index = join(place.path, 'lib/modules', RELEASE, 'modules.dep.bin');
  unlinkSync(index);
  symlinkSync('modules.dep.bin', index);
  const unreadable = await diagnose(file, { ...options, release: RELEASE });
  t.is(unreadable.verdict, 'no-fault');
  t.true(unreadable.checks.some(({ name, result }) => name === 'indexes' && result === 'unknown'));
  t.deepEqual(diagnoseSync('tun', { ...options, release: RELEASE }).cause, 'indexes-damaged');
});

test('firmware whose name has a meaning in expressions', async (t) => {
  const { moduleDirectory, release } = await resolveKernel('6.12');
  const path = new ModuleTree({ moduleDirectory }).dependencyLine('e100')?.path ?? '';
  const module = new ChangedModule(path).replace(
    'firmware=e100/d101m_ucode.bin',
    'firmware=e100/??*1m_ucode.bin',
  );
  root.write('lib/firmware/e100/other.bin', '');
  const { findings } = await diagnose(root.write('e100.ko', module.bytes), {
    moduleDirectory,
    release,
    root: root.path,
    kernelRoot: root.path,
    configuration: false,
    running: false,
  });
  t.true(findings.some(({ cause }) => cause === 'firmware-missing'));
});

function faultWithoutValue(type: string, array = false): string | undefined {
  return valueFault({ name: 'p', type, array, description: null }, null)?.errno;
}

test('parameters without a value, and of types that nobody knows', (t) => {
  t.is(faultWithoutValue('bool'), undefined);
  t.is(faultWithoutValue('bool', true), 'EINVAL');
  t.is(faultWithoutValue('int'), 'EINVAL');
  t.is(faultWithoutValue('toString'), undefined);
});

test('a list of functions only does not tell of a variable that it is missing', (t) => {
  const seen = (file: string, ...names: readonly string[]): readonly string[] | undefined => {
    const found = inquireSync(symbolsInKernel(names, root.path + file));
    return found && [...found.keys()];
  };
  root.write('functions', 'ffff0000 T printk\nffff0010 t own\nffff0020 D public_one\n');
  root.write('all', 'ffff0000 T printk\nffff0010 t own\nffff0020 D jiffies\nffff0030 b own_variable\n');
  t.is(seen('/functions', 'jiffies'), undefined);
  t.deepEqual(seen('/functions', 'printk'), ['printk']);
  t.deepEqual(seen('/all', 'jiffies', 'other'), ['jiffies']);
});

test('without /sys the list in /proc tells what is loaded', async (t) => {
  const bare = new FixtureRoot();
  t.teardown(() => {
    bare.remove();
  });
  bare.writeTree({ modules: { loop: { path: 'kernel/loop.ko' } } });
  bare.write('proc/modules', 'loop 40960 2 - Live 0x0000000000000000\n');
  const place = { root: bare.path, kernelRoot: bare.path, release: RELEASE, configuration: false } as const;
  t.is(
    (await diagnose('loop', { ...place, running: true, syscalls: new RecordingCalls(bare, () => -8) }))
      .verdict,
    'loaded',
  );
  const { state, unknown } = await why('loop', place);
  t.is(state, 'live');
  t.regex(unknown.join('\n'), /no \/sys\/module/);
  t.is((await whyNot('loop', place)).state, 'live');
});

test('a release that does not run was not replaced since the last boot', async (t) => {
  const place = {
    root: root.path,
    kernelRoot: root.path,
    release: '6.2.0-none',
    configuration: false,
  } as const;
  const texts = async (running: boolean): Promise<string> => {
    const { cause, findings } = await diagnose('tun', { ...place, running, syscalls });
    return [cause, findings.find(({ cause: each }) => each === cause)?.text].join(': ');
  };
  const syscalls = new RecordingCalls(root, () => -8);
  t.regex(await texts(true), /^wrong-release: .*replaced since the last boot/);
  t.notRegex(await texts(false), /boot/);
  t.regex(await texts(false), /^wrong-release: /);
});

test('a unit or a rule that unloads a module does not have it loaded', async (t) => {
  const start = new FixtureRoot();
  t.teardown(() => {
    start.remove();
  });
  start.writeTree({ modules: { zram: { path: 'kernel/zram.ko' }, nbd: { path: 'kernel/nbd.ko' } } });
  start.writeKernel([]);
  const unit = 'etc/systemd/system/zram.service';
  start.write(unit, '[Service]\nExecStart=modprobe zram num_devices=1\nExecStop=-/sbin/modprobe -rv zram\n');
  start.write('etc/udev/rules.d/9.rules', 'ACTION=="remove", RUN+="/sbin/modprobe --remove nbd"\n');
  const place = { root: start.path, kernelRoot: start.path, release: RELEASE, configuration: false } as const;
  t.deepEqual(
    (await why('zram', place)).reasons.map(({ evidence }) => evidence[0]?.source),
    [`/${unit}:2`],
  );
  t.deepEqual((await why('nbd', place)).reasons, []);
});

test('a FIFO among the files that are read at the start makes nobody wait', async (t) => {
  const start = new FixtureRoot();
  t.teardown(() => {
    start.remove();
  });
  start.writeTree({ modules: { tun: { path: 'kernel/tun.ko' } } });
  start.writeKernel([]);
  start.write('etc/modules-load.d/z.conf', 'tun\n');
  start.write('etc/udev/rules.d/z.rules', '');
  for (const file of ['modules-load.d/a.conf', 'udev/rules.d/a.rules'])
    t.is(spawnSync('mkfifo', [`${start.path}/etc/${file}`]).status, 0);
  const place = { root: start.path, kernelRoot: start.path, release: RELEASE, configuration: false } as const;
  t.is((await why('tun', place)).reasons.length, 1);
});

test('a module that is needed, refused by the command line of the kernel', async (t) => {
  const refusing = new FixtureRoot();
  t.teardown(() => {
    refusing.remove();
  });
  refusing.writeTree({
    modules: { mii: { path: 'kernel/mii.ko' }, e100: { path: 'kernel/e100.ko', needs: ['mii'] } },
  });
  refusing.writeKernel([]);
  refusing.write('proc/cmdline', 'quiet module_blacklist=mii\n');
  const { findings } = await diagnose('e100', {
    root: refusing.path,
    kernelRoot: refusing.path,
    release: RELEASE,
    running: true,
    configuration: false,
    syscalls: new RecordingCalls(refusing, () => -8),
  });
  const found = findings.find(({ cause }) => cause === 'kernel-blacklist');
  t.like(found, { module: 'mii', refused: true, errno: 'EPERM' });
});

test('without the log an errno of any kind may be that of a parameter', async (t) => {
  const file = root.write('loop.ko', Buffer.alloc(100));
  const confidence = async (errno: number, parameters: string): Promise<string> => {
    const syscalls = new RecordingCalls(root, () => errno);
    const error: unknown = await insmod(file, parameters, { kernelRoot: root.path, syscalls }).catch(
      (thrown: unknown) => thrown,
    );
    const [first] = explanationOf(error)?.findings ?? [];
    return `${first?.cause} ${first?.confidence}`;
  };
  t.is(await confidence(-5, ''), 'init-failed certain');
  t.is(await confidence(-34, 'max_loop=9'), 'init-failed likely');
  t.is(await confidence(-19, 'max_loop=9'), 'no-device likely');
});

test('a damaged list of what is built in is a finding', async (t) => {
  const damaged = new FixtureRoot();
  t.teardown(() => {
    damaged.remove();
  });
  damaged.writeTree({ modules: { tun: { path: 'kernel/tun.ko' } }, builtin: ['unix'] });
  const file = `lib/modules/${RELEASE}/modules.builtin.bin`;
  damaged.write(file, readFileSync(join(damaged.path, file)).subarray(0, 12));
  const place = { root: damaged.path, kernelRoot: damaged.path, release: RELEASE, running: false } as const;
  t.is((await diagnose('tun', { ...place, configuration: false })).cause, 'indexes-damaged');
});
