import type { LoadStep } from '../../src/index.ts';
import { inGuest, loadedNames, MODULES } from './in-guest.ts';

inGuest('btrfs with all that it needs, and away again', {}, async (t, { vm }) => {
  const before = await loadedNames(vm);
  t.like(await vm.run(['modprobe', 'btrfs']), { exitCode: 0, stdout: '', stderr: '' });
  const loaded = await loadedNames(vm);
  for (const name of ['btrfs', 'raid6_pq', 'xor', 'libcrc32c', 'crc32c_generic', 'blake2b_generic'])
    t.true(loaded.includes(name), name);
  t.regex(await vm.readFile('/proc/filesystems', 'utf8'), /\tbtrfs\n/);
  t.like(await vm.run(['modprobe', '-r', 'btrfs']), { exitCode: 0, stdout: '', stderr: '' });
  // btrfs wishes for crc32c in a softdep line of its own: all lines count, in both directions.
  t.deepEqual(await loadedNames(vm), before);
  t.is((await vm.run(['kmodctl', 'load', 'btrfs'])).exitCode, 0);
  t.is((await vm.run(['kmodctl', 'unload', 'btrfs'])).exitCode, 0);
  t.deepEqual(await loadedNames(vm), before);
});

inGuest('-v says what is done, in the order of the dependencies', {}, async (t, { vm, kernel }) => {
  const suffix = kernel === '6.1' ? 'ko' : 'ko.xz';
  const release = (await vm.run(['uname', '-r'])).stdout.trim();
  const path = (file: string): string => `/lib/modules/${release}/kernel/${file}.${suffix}`;
  const { stdout } = await vm.run(['modprobe', '-v', 'bonding', 'max_bonds=2']);
  t.is(stdout, `insmod ${path('net/tls/tls')} \ninsmod ${path('drivers/net/bonding/bonding')} max_bonds=2\n`);
  t.is(await vm.readFile('/sys/class/net/bonding_masters', 'utf8'), 'bond0 bond1\n');
});

inGuest(
  'parameters reach the module, quoted where they have to be',
  { testModules: ['kmodctl_params'] },
  async (t, { vm }) => {
    t.is((await vm.run(['modprobe', 'dummy', 'numdummies=3'])).exitCode, 0);
    t.deepEqual(
      (await vm.run(['ls', '/sys/class/net'])).stdout.split('\n').filter((name) => name.startsWith('dummy')),
      ['dummy0', 'dummy1', 'dummy2'],
    );
    t.is((await vm.run(['insmod', `${MODULES}/kmodctl_params.ko`, 'label=two words'])).exitCode, 0);
    t.is(await vm.readFile('/sys/module/kmodctl_params/parameters/label', 'utf8'), 'two words\n');
  },
);

inGuest('already loaded, builtin, not found', {}, async (t, { vm }) => {
  const release = (await vm.run(['uname', '-r'])).stdout.trim();
  t.is((await vm.run(['modprobe', 'dummy'])).exitCode, 0);
  t.like(await vm.run(['modprobe', 'dummy']), { exitCode: 0, stderr: '' });
  t.like(await vm.run(['modprobe', '--first-time', 'dummy']), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not insert 'dummy': Module already in kernel\n",
  });
  t.like(await vm.run(['modprobe', 'atkbd']), { exitCode: 0, stdout: '', stderr: '' });
  t.like(await vm.run(['modprobe', 'no-such-module']), {
    exitCode: 1,
    stderr: `modprobe: FATAL: Module no-such-module not found in directory /lib/modules/${release}\n`,
  });
  t.like(await vm.run(['modprobe', '-q', 'no-such-module']), { exitCode: 1, stderr: '' });
});

inGuest('a dry run changes nothing; -a --jobs does what one by one does', {}, async (t, { vm }) => {
  const before = await loadedNames(vm);
  const ends: unknown[] = [];
  for (const jobs of ['1', '4']) {
    const names = ['dummy', 'no-such-module', 'bonding', 'btrfs', 'xor', 'loop', 'dummy'];
    const { stdout, stderr, exitCode } = await vm.run(['modprobe', '-a', '-v', '-j', jobs, ...names]);
    ends.push({ stdout, stderr, exitCode, loaded: (await loadedNames(vm)).toSorted() });
    await vm.run(['modprobe', '-r', ...names.filter((name) => !name.startsWith('no'))]);
  }
  t.deepEqual(ends[1], ends[0]);
  t.deepEqual(await loadedNames(vm), before);
  const { stdout, exitCode } = await vm.run(['modprobe', '-n', '-v', 'btrfs']);
  t.is(exitCode, 0);
  t.regex(stdout, /^insmod [^]*\/btrfs\.ko(?:\.xz)? \n$/);
  t.deepEqual(await loadedNames(vm), before);
});

inGuest('an alias leads to its modules', {}, async (t, { vm }) => {
  t.is((await vm.run(['modprobe', 'net-pf-15'])).exitCode, 0);
  t.true((await loadedNames(vm)).includes('af_key'));
});

inGuest('the kernel itself calls our modprobe', {}, async (t, { vm }) => {
  t.is(await vm.readFile('/proc/sys/kernel/modprobe', 'utf8'), '/sbin/modprobe\n');
  // A link of type dummy: the kernel asks for rtnl-link-dummy.
  t.like(await vm.run(['ip', 'link', 'add', 'd7', 'type', 'dummy']), { exitCode: 0, stderr: '' });
  t.true((await loadedNames(vm)).includes('dummy'));
});

inGuest(
  'insmod and rmmod, and their refusals',
  { testModules: ['kmodctl_pair_base', 'kmodctl_pair_user', 'kmodctl_fail'] },
  async (t, { vm }) => {
    const file = (name: string): string => `${MODULES}/${name}.ko`;
    t.like(await vm.run(['insmod', file('kmodctl_pair_user')]), {
      exitCode: 1,
      stderr: `insmod: ERROR: could not insert module ${file('kmodctl_pair_user')}: Unknown symbol in module\n`,
    });
    t.is((await vm.run(['insmod', file('kmodctl_pair_base')])).exitCode, 0);
    t.is((await vm.run(['insmod', file('kmodctl_pair_user')])).exitCode, 0);
    t.like(await vm.run(['insmod', file('kmodctl_pair_base')]), {
      exitCode: 1,
      stderr: `insmod: ERROR: could not insert module ${file('kmodctl_pair_base')}: File exists\n`,
    });
    t.like(await vm.run(['rmmod', 'kmodctl_pair_base']), {
      exitCode: 1,
      stderr: 'rmmod: ERROR: Module kmodctl_pair_base is in use by: kmodctl_pair_user\n',
    });
    t.is((await vm.run(['rmmod', 'kmodctl-pair-user', file('kmodctl_pair_base')])).exitCode, 0);
    t.like(await vm.run(['rmmod', 'kmodctl_pair_base']), {
      exitCode: 1,
      stderr: 'rmmod: ERROR: Module kmodctl_pair_base is not currently loaded\n',
    });
    t.like(await vm.run(['insmod', file('kmodctl_fail')]), {
      exitCode: 1,
      stderr: `insmod: ERROR: could not insert module ${file('kmodctl_fail')}: Input/output error\n`,
    });
  },
);

inGuest('a load that fails half-way is undone again', {}, async (t, { vm, kernel }) => {
  const before = await loadedNames(vm);
  const find = await vm.run(['sh', '-c', `find /lib/modules/ -name 'btrfs.ko*'`]);
  const path = find.stdout.trim();
  // The file keeps its place in the indexes and its magic bytes, so that nothing is noticed before its turn comes.
  const content = await vm.readFile(path);
  await vm.writeFile(path, Buffer.concat([content.subarray(0, 5000), Buffer.alloc(content.length - 5000)]));
  const error = await t.throwsAsync<Error & { rolledBack?: string[]; failedStep?: { module: string } }>(
    vm.evaluate(async () => {
      await (await import('kmodctl')).modprobe('btrfs');
    }),
  );
  t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', module: 'btrfs', syscall: 'finit_module' });
  t.is((error as { errno?: number }).errno, kernel === '6.1' ? -8 : -22);
  t.true((error?.rolledBack?.length ?? 0) >= 3, String(error?.rolledBack));
  t.is(error?.rolledBack?.at(-1) === 'btrfs', false);
  t.deepEqual(await loadedNames(vm), before);
});

inGuest('unloading: in use, not loaded, builtin', {}, async (t, { vm }) => {
  t.is((await vm.run(['modprobe', 'bonding'])).exitCode, 0);
  t.like(await vm.run(['modprobe', '-r', 'tls']), {
    exitCode: 1,
    stderr: 'modprobe: FATAL: Module tls is in use.\n',
  });
  t.like(await vm.run(['modprobe', '-r', 'dummy']), { exitCode: 0, stderr: '' });
  t.like(await vm.run(['modprobe', '-r', '--first-time', 'dummy']), {
    exitCode: 1,
    stderr: 'modprobe: FATAL: Module dummy is not in kernel.\n',
  });
  t.like(await vm.run(['modprobe', '-r', 'atkbd']), {
    exitCode: 1,
    stderr: 'modprobe: FATAL: Module atkbd is builtin.\n',
  });
  t.is((await vm.run(['modprobe', '-r', 'bonding'])).exitCode, 0);
  t.false((await loadedNames(vm)).includes('tls'));
});

inGuest('lsmod shows what /proc/modules says', {}, async (t, { vm }) => {
  t.is((await vm.run(['modprobe', '-a', 'bonding', 'loop', 'dummy'])).exitCode, 0);
  const expected = (await vm.readFile('/proc/modules', 'utf8')).split('\n').flatMap((line) => {
    const [name, size, count, users = ''] = line.split(' ');
    return name === undefined || name === ''
      ? []
      : [[name, size, count, users.replace(/,$|^-$/, '')].join(' ')];
  });
  const shown = (await vm.run(['lsmod'])).stdout.trimEnd().split('\n').slice(1);
  t.deepEqual(
    shown.map((line) => line.trim().split(/\s+/).concat('', '').slice(0, 4).join(' ')),
    expected,
  );
  const names = await vm.evaluate(async () => (await import('kmodctl')).lsmod().map(({ name }) => name));
  t.deepEqual(
    names,
    expected.map((line) => line.split(' ')[0]),
  );
});

inGuest('the library: plan, progress, result, abort', {}, async (t, { vm }) => {
  const outcome = await vm.evaluate(async () => {
    const { modprobe, plan, rmmod } = await import('kmodctl');
    const planned = plan('bonding').steps.map(({ action, module }) => `${action} ${module}`);
    const events: string[] = [];
    const result = await modprobe('bonding', {
      onStep: ({ phase, step }) => {
        events.push(`${phase} ${step.module}`);
      },
    });
    const again = await modprobe('bonding');
    await rmmod('bonding');
    const controller = new AbortController();
    let aborted = '';
    try {
      await modprobe('bonding', {
        signal: controller.signal,
        onStep: () => {
          controller.abort();
        },
      });
    } catch (error) {
      aborted = (error as { code: string }).code;
    }
    return { planned, events, result, again: again.alreadyLoaded, aborted };
  });
  t.deepEqual(outcome.planned, ['insert tls', 'insert bonding']);
  t.deepEqual(outcome.events, ['start tls', 'done tls', 'start bonding', 'done bonding']);
  t.is(outcome.result.alreadyLoaded, false);
  t.true(outcome.result.steps.every(({ durationMs }) => durationMs > 0));
  t.true(outcome.again);
  t.is(outcome.aborted, 'ERR_KMOD_ABORTED');
  t.false((await loadedNames(vm)).includes('bonding'));
});

inGuest('without privilege: the reason, and no change', {}, async (t, { vm }) => {
  const { stderr, status } = await vm.evaluate(async () => {
    const { spawnSync } = await import('node:child_process');
    return spawnSync('modprobe', ['dummy'], { uid: 1000, gid: 1000, encoding: 'utf8' });
  });
  t.is(status, 1);
  t.is(stderr, "modprobe: ERROR: could not insert 'dummy': Operation not permitted\n");
});

inGuest('kmodctl load, list, unload', {}, async (t, { vm }) => {
  const load = await vm.run(['kmodctl', 'load', 'bonding', 'max_bonds=0']);
  t.is(load.exitCode, 0, load.stderr);
  t.regex(load.stdout, /^tls +loaded .* dependency of bonding\nbonding +loaded .*\n/);
  t.regex((await vm.run(['kmodctl', 'list'])).stdout, /bonding/);
  t.is((await vm.run(['kmodctl', 'unload', 'bonding'])).exitCode, 0);
  const missing = await vm.run(['kmodctl', 'load', 'bondin']);
  t.is(missing.exitCode, 1);
  t.regex(missing.stderr, /bondin/);
});

inGuest('kmodctl plan --json is data', {}, async (t, { vm }) => {
  const { stdout } = await vm.run(['kmodctl', 'plan', 'bonding', '--json']);
  const { steps } = JSON.parse(stdout) as { steps: Pick<LoadStep, 'action' | 'module' | 'because'>[] };
  const [tls, bonding] = steps;
  t.is(steps.length, 2);
  t.like(tls, { action: 'insert', module: 'tls', because: { kind: 'dependency', of: 'bonding' } });
  t.like(bonding, { action: 'insert', module: 'bonding', because: { kind: 'asked', name: 'bonding' } });
});
