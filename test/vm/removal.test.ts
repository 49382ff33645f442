/** Taking modules out of real kernels: chains, holders, waiting, what cannot go, and the list while all of it changes. */
import type { ExecutionContext } from 'ava';

import type { VirtualMachine } from '../../vm/index.ts';
import { inGuest, loadedNames, MODULES } from './in-guest.ts';
import { KMOD_BIN, putKmod } from './kmod-in-guest.ts';

const CHAIN = ['a', 'b', 'c', 'd'].map((letter) => `kmodctl_chain_${letter}`);
const lines = (word: string, names: readonly string[]): string =>
  names.map((name) => `${word} ${name}\n`).join('');

/** A tree of its own for some test modules, with its indexes: the options that lead to it. */
async function makeTree(vm: VirtualMachine, names: readonly string[]): Promise<readonly string[]> {
  const release = (await vm.run(['uname', '-r'])).stdout.trim();
  const folder = `/tree/lib/modules/${release}`;
  const script = `mkdir -p ${folder} && cd ${folder} && cp ${names.map((name) => `${MODULES}/${name}.ko`).join(' ')} . &&
    touch modules.order modules.builtin && depmod -b /tree ${release}`;
  const { exitCode, stderr } = await vm.run(['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(stderr);
  return ['-d', '/tree'];
}

async function ours(vm: VirtualMachine): Promise<readonly string[]> {
  return (await loadedNames(vm)).filter((name) => name.startsWith('kmodctl_'));
}

async function inBackground(vm: VirtualMachine, command: string): Promise<void> {
  await vm.run(['sh', '-c', `(${command}) </dev/null >/dev/null 2>&1 &`]);
}

/** Waits until a file of the guest has a text. */
async function until(vm: VirtualMachine, file: string, text: string): Promise<void> {
  const script = `i=0; while [ "$(cat ${file} 2>/dev/null)" != "${text}" ] && [ $i -lt 600 ]; do i=$((i+1)); usleep 50000; done`;
  await vm.run(['sh', '-c', script]);
}

inGuest(
  'chains and holders, beside kmod; without the file, without the tree; remove commands',
  { testModules: CHAIN },
  async (t, { vm }) => {
    const place = await makeTree(vm, CHAIN);
    await putKmod(vm);
    const [a = '', , , d = ''] = CHAIN;
    const load = async (): Promise<void> => {
      t.like(await vm.run(['modprobe', ...place, a]), { exitCode: 0, stderr: '' });
      t.is((await ours(vm)).length, 4);
    };
    await load();
    t.like(await vm.run(['modprobe', ...place, '-r', '-v', a]), {
      exitCode: 0,
      stdout: lines('rmmod', CHAIN),
    });
    t.deepEqual(await ours(vm), []);

    // Its own way and kmod's, from the same state: the end of the chain stays.
    for (const modprobe of [['modprobe', '--compat=kmod'], [`${KMOD_BIN}/modprobe`]]) {
      await load();
      const { exitCode, stdout } = await vm.run([...modprobe, ...place, '-r', '-v', a]);
      t.deepEqual([exitCode, stdout], [0, lines('rmmod', CHAIN.slice(0, 2))], modprobe.join(' '));
      t.deepEqual(await ours(vm), CHAIN.slice(2));
      t.is((await vm.run(['rmmod', ...CHAIN.slice(2)])).exitCode, 0);
    }

    await load();
    t.like(await vm.run(['modprobe', ...place, '-r', d]), {
      exitCode: 1,
      stderr: `modprobe: FATAL: Module ${d} is in use.\n`,
    });
    t.like(await vm.run(['kmodctl', 'unload', d]), { exitCode: 1 });
    t.like(await vm.run(['modprobe', ...place, '-r', '-v', '--remove-holders', d]), {
      exitCode: 0,
      stdout: lines('rmmod', CHAIN),
    });
    t.deepEqual(await ours(vm), []);

    // A command is the whole removal of its module.
    await vm.writeFile('/tree/x.conf', `remove ${d} echo "gone: $MODPROBE_MODULE"; rmmod ${d}\n`);
    await load();
    t.is((await vm.run(['rmmod', ...CHAIN.slice(0, 3)])).exitCode, 0);
    t.like(await vm.run(['modprobe', ...place, '-C', '/tree/x.conf', '-r', d]), {
      exitCode: 0,
      stdout: `gone: ${d}\n`,
    });
    t.deepEqual(await ours(vm), []);

    // The kernel knows what the tree knows no longer.
    await load();
    await vm.run(['sh', '-c', 'rm /tree/lib/modules/*/*.ko']);
    t.like(await vm.run(['modprobe', ...place, '-r', a]), { exitCode: 0, stderr: '' });
    t.deepEqual(await ours(vm), []);
    for (const name of CHAIN.toReversed())
      t.is((await vm.run(['insmod', `${MODULES}/${name}.ko`])).exitCode, 0);
    await vm.run(['rm', '-r', '/tree/lib']);
    t.like(await vm.run(['modprobe', ...place, '-r', '-v', a]), {
      exitCode: 0,
      stdout: lines('rmmod', CHAIN),
      stderr: '',
    });
    t.deepEqual(await ours(vm), []);
  },
);

inGuest(
  'in use: --wait that is in time and one that is not; on its way; permanent',
  { testModules: ['kmodctl_slow', 'kmodctl_noexit', 'kmodctl_hold'] },
  async (t, { vm }) => {
    await openDevice(t, vm);
    await onItsWay(t, vm);
    await permanent(t, vm);
    // Users that are no modules have no names.
    t.is((await vm.run(['insmod', `${MODULES}/kmodctl_hold.ko`, 'held=1'])).exitCode, 0);
    const held = await vm.evaluate(async () => {
      const { rmmod } = await import('kmodctl');
      const failure = async (waitMs: number): Promise<Record<string, unknown>> => {
        try {
          await rmmod('kmodctl_hold', { waitMs });
          return {};
        } catch (error) {
          const { code, message, holders } = error as Error & { code: string; holders: readonly string[] };
          return { code, message, holders };
        }
      };
      return [await failure(0), await failure(100)];
    });
    for (const failure of held) {
      t.like(failure, { code: 'ERR_KMOD_IN_USE', holders: [] });
      t.regex(String(failure['message']), /in use by something other than a module \(use count 1\)/);
    }
    t.like(await vm.run(['modprobe', '-r', '--wait=100', 'kmodctl_hold']), {
      exitCode: 1,
      stderr: "modprobe: ERROR: could not remove 'kmodctl_hold': Resource temporarily unavailable\n",
    });
    await inBackground(vm, 'sleep 1; echo 0 > /sys/module/kmodctl_hold/parameters/held');
    t.like(await vm.run(['modprobe', '-r', '--wait=60000', 'kmodctl_hold']), { exitCode: 0, stderr: '' });
    t.deepEqual(await ours(vm), []);
  },
);

/** A device that a process has open. */
async function openDevice(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.is((await vm.run(['modprobe', 'tun'])).exitCode, 0);
  const hold = async (seconds: number): Promise<void> => {
    await vm.run(['rm', '-f', '/tmp/open']);
    const script = `exec 3<>/dev/net/tun; echo $$ > /tmp/holder; echo open > /tmp/open; exec sleep ${seconds}`;
    await inBackground(vm, `exec sh -c '${script}'`);
    await until(vm, '/tmp/open', 'open');
  };
  await hold(60);
  t.like(await vm.run(['modprobe', '-r', 'tun']), {
    exitCode: 1,
    stderr: 'modprobe: FATAL: Module tun is in use.\n',
  });
  const started = performance.now();
  t.like(await vm.run(['modprobe', '-r', '-w', '500', 'tun']), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not remove 'tun': Resource temporarily unavailable\n",
  });
  t.true(performance.now() - started >= 500);
  t.is((await vm.run(['sh', '-c', 'kill $(cat /tmp/holder)'])).exitCode, 0);
  await until(vm, '/sys/module/tun/refcnt', '0');
  await hold(2);
  t.like(await vm.run(['modprobe', '-r', '-v', '-w', '60000', 'tun']), {
    exitCode: 0,
    stdout: 'rmmod tun\n',
    stderr: '',
  });
  t.false((await loadedNames(vm)).includes('tun'));
}

/** A module that someone else is loading, or unloading. */
async function onItsWay(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const slow = `${MODULES}/kmodctl_slow.ko`;
  t.is((await vm.run(['insmod', slow, 'init_ms=0', 'exit_ms=15000'])).exitCode, 0);
  // Not by our own tool: for that one ours would wait.
  await inBackground(vm, 'busybox rmmod kmodctl_slow');
  await until(vm, '/sys/module/kmodctl_slow/initstate', 'going');
  t.like(await vm.run(['rmmod', 'kmodctl_slow']), {
    exitCode: 1,
    stderr: 'rmmod: ERROR: Module kmodctl_slow is being unloaded by someone else.\n',
  });
  t.regex((await vm.run(['lsmod'])).stdout, /^kmodctl_slow +\d+ {2}0$/m);
  t.like(await vm.run(['modprobe', '-r', 'kmodctl_slow']), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not remove 'kmodctl_slow': Device or resource busy\n",
  });
  t.like(await vm.run(['modprobe', '-r', '-w', '60000', 'kmodctl_slow']), { exitCode: 0, stderr: '' });
  t.deepEqual(await ours(vm), []);

  await inBackground(vm, `busybox insmod ${slow} init_ms=10000`);
  await until(vm, '/sys/module/kmodctl_slow/initstate', 'coming');
  t.like(await vm.run(['modprobe', '-r', '-w', '60000', 'kmodctl_slow']), { exitCode: 0, stderr: '' });
  t.deepEqual(await ours(vm), []);
}

/** A module without an exit function. */
async function permanent(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const name = 'kmodctl_noexit';
  const busy = 'Device or resource busy';
  t.is((await vm.run(['insmod', `${MODULES}/${name}.ko`])).exitCode, 0);
  t.like(await vm.run(['rmmod', name]), {
    exitCode: 1,
    stderr: `rmmod: ERROR: could not remove '${name}': ${busy}\nrmmod: ERROR: could not remove module ${name}: ${busy}\n`,
  });
  t.like(await vm.run(['modprobe', '-r', '-w', '60000', name]), {
    exitCode: 1,
    stderr: `modprobe: ERROR: could not remove '${name}': ${busy}\n`,
  });
  const { stderr } = await vm.run(['kmodctl', 'unload', name]);
  t.regex(stderr, /has no exit function/);
  t.like(await vm.run(['rmmod', '-f', name]), { exitCode: 0, stderr: '' });
  t.deepEqual(await ours(vm), []);
}

inGuest(
  'the list while modules come and go',
  { testModules: ['kmodctl_small', 'kmodctl_params', 'kmodctl_pair_base'] },
  async (t, { vm }) => {
    // Some lines, so that reading takes its time; the host's tests have lists of more than one piece.
    const many = 'dummy nlmon loop null_blk tun veth 8021q ifb vcan can_raw tcp_bbr macvlan';
    // Not every guest's tree has all of them.
    await vm.run(['modprobe', '-a', ...many.split(' ')], { timeout: 300_000 });
    const stable = await loadedNames(vm);
    t.log(`${stable.length} modules, ${(await vm.readFile('/proc/modules', 'utf8')).length} bytes`);
    const churn = (name: string): string =>
      `n=0; while [ ! -e /tmp/stop ]; do busybox insmod ${MODULES}/${name}.ko && busybox rmmod ${name} && n=$((n+1)); echo $n > /tmp/${name}; done`;
    for (const name of ['kmodctl_small', 'kmodctl_params', 'kmodctl_pair_base'])
      await inBackground(vm, churn(name));
    const seen = await vm.evaluate(async (expected) => {
      const { readFileSync } = await import('node:fs');
      const { lsmod } = await import('kmodctl');
      const rounds = (): number =>
        ['small', 'params', 'pair_base'].reduce(
          (sum, name) => sum + Number(readFileSync(`/tmp/kmodctl_${name}`, 'utf8').trim() || 0),
          0,
        );
      const faults: string[] = [];
      const first = rounds();
      let readings = 0;
      let withOthers = 0;
      for (
        const end = performance.now() + 20_000;
        performance.now() < end && rounds() - first < 3000;
        readings++
      ) {
        const modules = lsmod();
        const names = modules.map(({ name }) => name);
        const known = new Set(names);
        if (known.size > expected.length) withOthers++;
        if (known.size !== names.length) faults.push(`twice: ${names.join(' ')}`);
        for (const name of expected) if (!known.has(name)) faults.push(`missing: ${name}`);
        for (const { name, refcount, state } of modules)
          if ((refcount ?? -2) < (state === 'going' ? -1 : 0)) faults.push(`${name}: ${refcount} ${state}`);
      }
      return { faults: faults.slice(0, 10), readings, withOthers, rounds: rounds() - first };
    }, stable);
    t.deepEqual(seen.faults, []);
    t.log(
      `${seen.readings} readings, ${seen.withOthers} with others, during ${seen.rounds} loads and unloads`,
    );
    t.true(seen.rounds > 20 && seen.readings > 20 && seen.withOthers > 0, JSON.stringify(seen));
    for (let i = 0; i < 8; i++) {
      const { exitCode, stdout, stderr } = await vm.run(['lsmod']);
      t.deepEqual([exitCode, stderr], [0, '']);
      const names = stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[0]);
      t.is(new Set(names).size, names.length);
      t.deepEqual(
        stable.filter((name) => !names.includes(name)),
        [],
      );
      t.notRegex(stdout, / -\d/);
    }
    await vm.run(['touch', '/tmp/stop']);
  },
);
