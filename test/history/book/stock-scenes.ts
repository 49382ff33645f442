/** What today's kernels and their own modules show. These come first: later scenes change the modules' indexes. */
import type { Scene } from '../scene.ts';

const OPTIONS = 'MODULES|MODPROBE_PATH|MODVERSIONS|MODULE_FORCE_(UN)?LOAD|KALLSYMS_ALL|UEVENT_HELPER';
const GONE = [
  'register_symtab',
  'rename_module_symbol',
  'inter_module_register',
  'inter_module_get',
  'kerneld_send',
  '__x64_sys_create_module',
  '__x64_sys_get_kernel_syms',
  '__x64_sys_query_module',
];
const THERE = ['__symbol_get', '__x64_sys_init_module', '__x64_sys_finit_module', '__x64_sys_delete_module'];

export const stockScenes: readonly Scene[] = [
  {
    name: 'kernel-options',
    title: 'the kernel and its helper',
    async play({ t, run }) {
      t.is(await run('cat /proc/sys/kernel/modprobe'), '/sbin/modprobe\n');
      const options = await run(`grep -E 'CONFIG_(${OPTIONS})[= ]' /boot/config-$(uname -r) | sort`);
      for (const option of ['MODULES', 'MODVERSIONS', 'MODULE_FORCE_LOAD', 'MODULE_FORCE_UNLOAD'])
        t.true(options.includes(`CONFIG_${option}=y\n`), option);
      t.true(options.includes('# CONFIG_UEVENT_HELPER is not set\n'));
    },
  },
  {
    name: 'gone-calls',
    title: 'what the kernel has no longer',
    async play({ t, run }) {
      await run(`echo ${GONE.join(' ')} | tr ' ' '\\n' > gone`);
      await run(`echo ${THERE.join(' ')} | tr ' ' '\\n' > there`);
      // BusyBox compares many patterns with 10 MB of text for a minute; the names alone, sorted, take a moment.
      await run(
        "cut -d' ' -f3 /proc/kallsyms | grep -E '_(symtab|symbol|register|get|send|module|syms)$' > names",
      );
      t.is(await run('grep -Fxf gone names', 1), '');
      const there = (await run('grep -Fxf there names | sort -u')).trim().split('\n');
      t.deepEqual(there, [...THERE].sort());
    },
  },
  {
    name: 'stacking',
    title: 'modules that stand on each other',
    async play({ t, run, release }) {
      const loaded = await run('modprobe -v 8021q');
      t.deepEqual(
        [...loaded.matchAll(/([\w-]+)\.ko/g)].map(([, name]) => name),
        ['llc', 'mrp', 'stp', 'garp', '8021q'],
      );
      t.true(loaded.includes(release));
      t.regex(await run('cut -d" " -f1-4 /proc/modules | head -n 5'), /^llc \d+ 2 (?:stp,garp|garp,stp),$/m);
      t.is(await run('modprobe -r -v 8021q'), 'rmmod 8021q\nrmmod garp\nrmmod stp\nrmmod mrp\nrmmod llc\n');
    },
  },
  {
    name: 'sound',
    title: 'a sound driver in pieces',
    async play({ t, run }) {
      await run("echo 'alias snd-card-0 snd-dummy' > /etc/modprobe.d/sound.conf");
      const loaded = await run('modprobe -v snd-card-0');
      t.regex(loaded, /soundcore[^]*snd\.ko[^]*snd-timer[^]*snd-pcm[^]*snd-dummy/);
      t.regex(await run('cat /proc/asound/cards'), /^ 0 \[Dummy/);
      await run('modprobe -r snd-card-0');
    },
  },
  {
    name: 'uevents',
    title: 'hot-plug without a program',
    async play({ t, run }) {
      await run("uevent sh -c 'echo $ACTION@$DEVPATH >> events' & sleep 1; modprobe dummy; sleep 1; kill $!");
      t.regex(await run('grep /module/ events'), /^add@\/module\/dummy$/m);
      await run('cat /sys/kernel/uevent_helper', 1);
      await run('rmmod dummy');
    },
  },
  {
    name: 'pcmcia',
    title: 'pcmcia_core is still there',
    async play({ t, run }) {
      t.regex(await run('modprobe -D pcmcia_core'), /\/pcmcia_core\.ko/);
    },
  },
];
