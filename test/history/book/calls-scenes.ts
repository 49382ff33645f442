/** The calls of modules(2), and the tools that were made of them. import, export and slave are loaded while these are played. */
import type { Scene } from '../scene.ts';

const KERNEL_SYMBOLS = `import { getKernelSyms, obsoleteCalls, QM_INFO, QM_REFS, queryModule } from 'kmodctl/syscalls';

for (const call of [
  () => obsoleteCalls.createModule('new', 4096),
  () => obsoleteCalls.getKernelSyms(),
  () => obsoleteCalls.queryModule('export', QM_INFO),
])
  try {
    call();
  } catch ({ syscall, code }) {
    console.log(syscall, code);
  }
const { source, count, symbols } = await getKernelSyms();
console.log(source, symbols.length === count ? 'and as many as it counts' : 'and not as many as it counts');
const show = ({ name, value }) => console.log(value.toString(16).padStart(16, '0'), name);
const kernel = symbols.findIndex(({ name }) => name === '#');
symbols.slice(0, 4).forEach(show);
show(symbols[kernel]);
show(symbols.slice(kernel).find(({ name }) => name === '_printk'));
console.log((await queryModule('export', QM_REFS)).names, (await queryModule('export', QM_INFO)).info.usecount);
`;

const CREATE = `import { createModule, initModule } from 'kmodctl/syscalls';

const { source, name, address, state, release } = await createModule('new', 8192);
console.log(source, name, address, state);
release();
for (const attempt of [() => createModule('export', 8192), () => initModule('new', Buffer.alloc(8192))])
  try {
    await attempt();
  } catch ({ code, message }) {
    console.log(code, message);
  }
`;

const BOTH_CALLS = `import { open, readFile } from 'node:fs/promises';
import { deleteModule, finitModule, initModule } from 'kmodctl/syscalls';

await initModule(await readFile('kmodctl_params.ko'), 'number=5');
console.log(await readFile('/sys/module/kmodctl_params/parameters/number', 'utf8'));
await deleteModule('kmodctl_params');
const file = await open('kmodctl_params.ko');
await finitModule(file.fd, 'number=6');
await file.close();
console.log(await readFile('/sys/module/kmodctl_params/parameters/number', 'utf8'));
await deleteModule('kmodctl_params');
await deleteModule('kmodctl_params').catch(({ code }) => console.log(code));
await deleteModule('export').catch(({ code }) => console.log(code));
await deleteModule('x'.repeat(64)).catch(({ code }) => console.log(code));
`;

export const callScenes: readonly Scene[] = [
  {
    name: 'kernel-symbols',
    title: 'the answer of get_kernel_syms, put together',
    async play({ t, run, vm }) {
      await run('insmod ./export.ko; insmod ./import.ko; insmod ./slave.ko');
      await vm.writeFile('/root/book/kernel-symbols.mjs', KERNEL_SYMBOLS);
      await run('cat kernel-symbols.mjs');
      const answer = await run('node kernel-symbols.mjs');
      t.regex(
        answer,
        /^create_module ENOSYS\nget_kernel_syms ENOSYS\nquery_module ENOSYS\nemulated and as many/,
      );
      const names = [...answer.matchAll(/^[0-9a-f]{16} (.*)$/gm)].map(([, name]) => name);
      t.deepEqual(names.slice(0, 4), ['#slave', '#import', '#export', 'export_function']);
      t.deepEqual(names.slice(4), ['#', '_printk']);
      t.true(answer.endsWith("\n[ 'import' ] 1n\n") || answer.endsWith("\n[ 'import' ] 1\n"));
      await run('head -n 3 /proc/modules');
      const section = await run('cat /sys/module/export/sections/.gnu.linkonce.this_module');
      t.true(answer.includes(`${section.trim().replace('0x', '')} #export\n`));
    },
  },
  {
    name: 'create-module',
    title: 'create_module, and init_module as it was',
    async play({ t, run, vm }) {
      await vm.writeFile('/root/book/create-module.mjs', CREATE);
      await run('cat create-module.mjs');
      const answer = await run('node create-module.mjs');
      t.regex(answer, /^emulated new null 0\nEEXIST .*\n.* of 1995/);
    },
  },
  {
    name: 'both-calls',
    title: 'init_module, finit_module, delete_module',
    async play({ t, run, vm }) {
      await vm.writeFile('/root/book/both-calls.mjs', BOTH_CALLS);
      await run('cat both-calls.mjs');
      t.is(await run('node both-calls.mjs'), '5\n\n6\n\nENOENT\nEAGAIN\nERR_OUT_OF_RANGE\n');
    },
  },
  {
    name: 'tools',
    title: 'the tools in the look of 2.4',
    async play({ t, run }) {
      t.regex(await run('ksyms'), /^[0-9a-f]{16} +export_function +\[export\]$/m);
      t.regex(await run('ksyms -a | grep -w _printk'), /^[0-9a-f]{16} +_printk *$/m);
      const list = await run('lsmod --classic | head -n 4');
      t.regex(
        list,
        /^Module +Size +Used by +Tainted: .*\nslave +\d+ +0 .*\nimport +\d+ +0 .*\nexport +\d+ +0 \[import\]\n$/,
      );
    },
  },
  {
    name: 'versions',
    title: 'versions of symbols, then and now',
    async play({ t, run }) {
      t.regex(
        await run('modinfo --versions ./import.ko'),
        /^export_function +0x888cb211 +0x888cb211 +same +export$/m,
      );
      const classic = await run('modinfo --versions --classic ./import.ko');
      t.regex(classic, /^ +U _printk_R[0-9a-f]{8}$/m);
      t.regex(classic, /^ +U export_function_R888cb211$/m);
    },
  },
  {
    name: 'genksyms',
    title: 'checksums of declarations',
    async play({ t, run, vm }) {
      await vm.writeFile(
        '/root/book/checksums.mjs',
        `import { prototypeCrc, versionedSymbolName } from 'kmodctl';

for (const [name, prototype] of [
  ['export_function', 'int export_function(int, int)'],
  ['request_module', 'int request_module(const char *)'],
  [
    'printk',
    '__attribute__((regparm(0))) int printk(const char *, ...) __attribute__((format(printf, 1, 2)))',
  ],
  ['call_usermodehelper', 'int call_usermodehelper(const char *, char **, char **, int)'],
])
  console.log(versionedSymbolName(name, prototypeCrc(prototype), name.startsWith('call') ? '' : 'smp_'));
`,
      );
      await run('cat checksums.mjs');
      const [one, two, three, kernels = ''] = (await run('node checksums.mjs')).split('\n');
      t.deepEqual(
        [one, two, three],
        ['export_function_Rsmp_888cb211', 'request_module_Rsmp_27e4dc04', 'printk_Rsmp_1b7d4074'],
      );
      const listed = await run(
        'grep -w call_usermodehelper /usr/src/linux-headers-$(uname -r)/Module.symvers',
      );
      t.true(listed.startsWith(`0x${kernels.slice(-8)}\tcall_usermodehelper\t`), `${kernels} ${listed}`);
      await run('rmmod slave import export');
    },
  },
];
