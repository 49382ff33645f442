/** A module that asks for another one: the kernel's helper. */
import type { Scene } from '../scene.ts';

const HELPER_PATH = '/proc/sys/kernel/modprobe';

export const demandScenes: readonly Scene[] = [
  {
    name: 'depmod',
    title: 'depmod -a finds the new modules',
    async play({ t, run }) {
      await run('mkdir /lib/modules/$(uname -r)/extra');
      await run('cp slave.ko inter.ko /lib/modules/$(uname -r)/extra');
      await run('depmod -a');
      t.is(
        await run('grep extra/ /lib/modules/$(uname -r)/modules.dep | sort'),
        'extra/inter.ko:\nextra/slave.ko:\n',
      );
      t.regex(
        await run('grep ime_ /lib/modules/$(uname -r)/modules.symbols | grep inter | sort'),
        /^alias symbol:ime_string inter$/m,
      );
    },
  },
  {
    name: 'demand-loading',
    title: 'master asks for slave: loading results are 0, 256',
    async play({ t, run }) {
      await run('insmod ./master.ko');
      t.regex(await run('dmesg'), /master: loading results are 0, 256\n$/);
      t.regex(await run('head -n 2 /proc/modules'), /^slave \d+ 0 - Live 0x\w+ \(OE\)\nmaster \d+ 0 - Live /);
      await run('rmmod master');
      t.regex(await run('lsmod | head -n 2'), /^Module .*\nslave +\d+ +0\n$/);
    },
  },
  {
    name: 'waiting-for-the-helper',
    title: 'the kernel waits for its helper',
    async play({ t, run, vm }) {
      await run('rmmod slave');
      const program = '#!/bin/sh\nsleep 1\necho "helper: $* uid=$(id -u) cwd=$PWD" > /dev/kmsg\n';
      await vm.writeFile('/root/helper', program, 0o755);
      await run('cat /root/helper');
      await run(`echo /root/helper > ${HELPER_PATH}`);
      await run('insmod ./master.ko');
      const log = await run('dmesg');
      t.regex(
        log,
        /helper: -q -- slave uid=0 cwd=\/\n.*helper: -q -- nonexistent .*\n.*master: loading results are 0, 0\n$/,
      );
      t.is(await run('lsmod | grep slave', 1), '');
      await run('rmmod master');
    },
  },
  {
    name: 'autoclean',
    title: 'loaded with -k, gone after two passes',
    async play({ t, run }) {
      await run('modprobe -k slave');
      await run('insmod ./master.ko');
      await run('rmmod -a');
      t.regex(await run('lsmod | grep -E "slave|master"'), /slave/);
      await run('rmmod -a');
      // Nobody has marked master.
      t.regex(await run('lsmod | grep -E "slave|master"'), /^master/);
      await run('rmmod master');
    },
  },
  {
    name: 'names',
    title: 'names that are refused',
    async play({ t, run }) {
      await run('insmod ./asker.ko');
      const ask = async (name: string): Promise<string> =>
        await run(`exec 3<>/dev/asker; printf %b '${name}' >&3; cat <&3`);
      t.is(await ask('slave'), '0\n');
      t.is(await ask('fmt-for-feature-5\\n'), '256\n');
      t.is(await ask('-C/tmp/x'), '256\n');
      t.is(await ask('a'.repeat(56)), '-36\n');
      const log = await run('dmesg | grep request');
      t.regex(log, /request for "fmt-for-feature-5\\x0a": refused/);
      t.regex(log, /request for "-C\/tmp\/x": refused/);
    },
  },
  {
    name: 'helper-failures',
    title: 'helpers that fail',
    async play({ t, run, vm }) {
      const ask = 'exec 3<>/dev/asker; printf slave >&3; cat <&3';
      await vm.writeFile('/root/killed', '#!/bin/sh\nkill -9 $$\n', 0o755);
      t.is(await run(`echo /nonexistent > ${HELPER_PATH}; ${ask}`), '-2\n');
      t.is(await run(`echo > ${HELPER_PATH}; ${ask}`), '-2\n');
      t.is(await run(`echo /root/killed > ${HELPER_PATH}; ${ask}`), '9\n');
    },
  },
  {
    name: 'runaway',
    title: 'fifty requests at a time, and no more',
    async play({ t, run, vm, kernel }) {
      // It ends as soon as somebody has opened the FIFO for writing, and takes no time until then.
      await vm.writeFile('/root/waiting', '#!/bin/sh\nread gate < /root/gate\n', 0o755);
      await run(`cat /root/waiting; mkfifo /root/gate; echo /root/waiting > ${HELPER_PATH}`);
      await run('for i in $(seq 50); do (exec > /dev/asker 2>&1; printf m$i) & done');
      await run('while [ $(ps | grep -c "[/]root/waiting") -lt 50 ]; do sleep 1; done');
      t.is(await run('exec 3<>/dev/asker; printf one-too-many >&3; cat <&3'), '-62\n');
      // The kernel's line has no end, and is shown when the next one comes.
      await run(': > /root/gate; echo helpers are released > /dev/kmsg');
      const log = await run('dmesg');
      if (kernel === '6.1') t.regex(log, /kmod_concurrent_max/);
      t.regex(
        log,
        /request_module: modprobe one-too-many cannot be processed, kmod busy with 50 threads for more than 5 seconds now/,
      );
    },
  },
  {
    name: 'busy',
    title: 'a module whose device is open',
    async play({ t, run }) {
      t.is(
        await run('exec 3<>/dev/asker; cat /sys/module/asker/refcnt; rmmod asker', 1),
        '1\nrmmod: ERROR: Module asker is in use\n',
      );
      t.is(await run('cat /sys/module/asker/refcnt; rmmod asker slave'), '0\n');
    },
  },
];
