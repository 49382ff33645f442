/** Modules that use each other: by name at run time, and by their symbols with checksums. */
import type { Scene } from '../scene.ts';

export const symbolScenes: readonly Scene[] = [
  {
    name: 'by-name',
    title: 'master uses inter by name',
    async play({ t, run }) {
      await run('insmod ./master2.ko');
      const log = await run('dmesg');
      t.regex(log, /master: inter says 'Hello World'\n.*inter: ime_function called by master\n/);
      t.regex(
        log,
        /failing symbol_get of non-GPLONLY symbol ime_plain\.\n.*master: ime_plain is not to be had by name\n$/,
      );
      t.regex(await run('grep -E "^(inter|master2)" /proc/modules'), /^inter \d+ 2 - Live/m);
      t.is(await run('rmmod inter', 1), 'rmmod: ERROR: Module inter is in use\n');
      await run('rmmod master2');
      await run('rmmod inter');
    },
  },
  {
    name: 'headers',
    title: 'the headers of the kernel',
    async play({ t, run }) {
      await run(
        'cd /usr/src/linux-headers-*-common/include/linux; grep -A 1 "define try_then_request_module" kmod.h',
      );
      const both = await run(
        'cd /usr/src/linux-headers-*-common/include/linux; grep "define symbol_[gr]e" module.h',
      );
      t.regex(both, /define symbol_get\(x\).*__symbol_get/);
      t.regex(both, /define symbol_get\(x\).*weak/);
      t.regex(both, /try_then_request_module\(symbol_get\(x\), "symbol:" #x\)/);
      await run('grep -E "linux/(modversions|config|kerneld)[.]h$" headers-package', 1);
      const tools = await run(
        'grep -E "(generated/autoconf[.]h|mod/modpost|genksyms/genksyms)$" headers-package',
      );
      t.regex(tools, /autoconf\.h\n[^]*genksyms\n[^]*modpost\n/);
    },
  },
  {
    name: 'export-import',
    title: 'import needs export: 2+2 = 4',
    async play({ t, run }) {
      t.is(
        await run('insmod ./import.ko', 1),
        'insmod: ERROR: could not insert module ./import.ko: Unknown symbol in module\n',
      );
      await run('insmod ./export.ko');
      await run('insmod ./import.ko');
      t.regex(
        await run('dmesg'),
        /import: Unknown symbol export_function \(err -2\)\n.*import: my mate tells that 2\+2 = 4\n$/,
      );
      t.regex(
        await run('head -n 2 /proc/modules'),
        /^import \d+ 0 - Live 0x\w+ \(OE\)\nexport \d+ 1 import, Live 0x\w+ \(OE\)\n$/,
      );
      t.is(await run('ls /sys/module/export/holders'), 'import\n');
      t.is(await run('rmmod export', 1), 'rmmod: ERROR: Module export is in use by: import\n');
    },
  },
  {
    name: 'checksums',
    title: 'checksums of symbols, right and wrong',
    async play({ t, run }) {
      t.regex(await run('modprobe --show-modversions ./import.ko'), /^0x888cb211\texport_function$/m);
      t.is(await run('modprobe --show-exports ./export.ko'), '0x888cb211\texport_function\n');
      await run('rmmod import');
      t.is(
        await run('insmod ./import-wrong-crc.ko', 1),
        'insmod: ERROR: could not insert module ./import-wrong-crc.ko: Invalid parameters\n',
      );
      t.regex(
        await run('dmesg'),
        /import: disagrees about version of symbol export_function\n.*Unknown symbol export_function \(err -22\)\n$/,
      );
      await run('modprobe --force-modversion ./import-wrong-crc.ko');
      t.is(await run('cat /sys/module/import/taint'), 'FOE\n');
      await run('rmmod import');
      // None at all is enough on kernels that may be forced (CONFIG_MODULE_FORCE_LOAD), as Debian's.
      await run('insmod ./import-no-crc.ko');
      t.is(await run('cat /sys/module/import/taint; rmmod import'), 'FOE\n');
    },
  },
  {
    name: 'one-processor',
    title: 'a module for one processor',
    async play({ t, run }) {
      t.regex(await run('modinfo -F vermagic ./import.ko'), / SMP preempt mod_unload modversions $/m);
      t.is(
        await run('insmod ./import-no-smp.ko', 1),
        'insmod: ERROR: could not insert module ./import-no-smp.ko: Invalid module format\n',
      );
      t.regex(await run('dmesg'), /import: version magic '.* UMP .*' should be '.* SMP .*'\n$/);
    },
  },
  {
    name: 'twice',
    title: 'two exporters of one name',
    async play({ t, run }) {
      t.is(
        await run('insmod ./expert.ko', 1),
        'insmod: ERROR: could not insert module ./expert.ko: Invalid module format\n',
      );
      t.regex(await run('dmesg'), /expert: exports duplicate symbol export_function \(owned by export\)\n$/);
      await run('rmmod export');
    },
  },
];
