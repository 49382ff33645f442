/** How modules live and end, and the programs that the kernel starts. */
import type { Scene } from '../scene.ts';

export const moduleScenes: readonly Scene[] = [
  {
    name: 'programs',
    title: 'call_usermodehelper and its ways to wait',
    async play({ t, run, vm }) {
      const program =
        '#!/bin/sh\necho "$1: child of $(cut -d" " -f2 /proc/$PPID/stat)" >> programs\nexit 7\n';
      await vm.writeFile('/root/helper', program.replace('programs', '/root/book/programs'), 0o755);
      await run('cat /root/helper');
      await run('insmod ./umh.ko program=/root/helper');
      t.regex(
        await run('dmesg'),
        /umh: there nowait=0 exec=0 proc=1792\n.*umh: missing nowait=0 exec=-2 proc=-2\n$/,
      );
      const programs = await run('sleep 1; sort programs; rmmod umh');
      t.deepEqual(programs.match(/^\w+/gm), ['exec', 'nowait', 'proc']);
    },
  },
  {
    name: 'owner',
    title: "a module that is not root's",
    async play({ t, run }) {
      await run('chown 1000 slave.ko');
      t.regex(
        await run('insmod ./slave.ko; rmmod slave'),
        /^insmod: WARNING: \/root\/book\/slave\.ko belongs to the user 1000/,
      );
      t.regex(
        await run('insmod --check-owner=refuse ./slave.ko', 1),
        /slave\.ko belongs to the user 1000 and not to root: .* It was not used\./,
      );
      t.is(await run('grep slave /proc/modules', 1), '');
      t.is(await run('insmod --check-owner=off ./slave.ko; rmmod slave; chown 0 slave.ko'), '');
    },
  },
  {
    name: 'states',
    title: 'a module is coming, live, going',
    async play({ t, run }) {
      const state = '/sys/module/kmodctl_slow/initstate';
      const waitFor = (word: string): string =>
        `until grep ${word} ${state} 2>/dev/null; do usleep 100000; done; wait`;
      const insert = 'busybox insmod kmodctl_slow.ko init_ms=3000 exit_ms=3000';
      t.is(await run(`${insert} & ${waitFor('coming')}; cat ${state}`), 'coming\nlive\n');
      t.is(await run(`busybox rmmod kmodctl_slow & ${waitFor('going')}`), 'going\n');
    },
  },
  {
    name: 'permanent',
    title: 'a module without an exit function stays',
    async play({ t, run }) {
      await run('insmod ./kmodctl_noexit.ko');
      t.regex(await run('grep noexit /proc/modules'), / \[permanent\], Live /);
      t.regex(await run('rmmod kmodctl_noexit', 1), /Device or resource busy/);
      t.is(await run('rmmod -f kmodctl_noexit'), '');
    },
  },
  {
    name: 'failing-init',
    title: 'a failing init',
    async play({ t, run }) {
      t.regex(await run('insmod ./kmodctl_fail.ko result=-16', 1), /Device or resource busy\n$/);
      t.is(await run('ls /sys/module | grep kmodctl_fail', 1), '');
      // A positive result is no failure today.
      await run('insmod ./kmodctl_fail.ko result=1');
      t.regex(await run('dmesg | grep suspicious'), /kmodctl_fail.*suspiciously returned 1/);
      await run('rmmod kmodctl_fail');
    },
  },
  {
    name: 'audit',
    title: 'files that others could change',
    async play({ t, run }) {
      t.regex(await run('kmodctl audit'), /./);
      await run('chown 1000 /lib/modules/$(uname -r)/extra/slave.ko; chmod o+w /etc/modprobe.d');
      const findings = await run('kmodctl audit', 1);
      t.regex(findings, /extra\/slave\.ko belongs to the user 1000/);
      t.regex(findings, /\/etc\/modprobe\.d/);
    },
  },
];
