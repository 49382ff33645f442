/**
 * The calls of modules(2) of 1995 and of Linux 2.4 on kernels of today: that they are gone, and that the same questions
 * get the same answers; and how the calls that are left behave. One guest for each kernel, with everything in it.
 */
import type { ExecutionContext } from 'ava';

import type { VirtualMachine } from '../../vm/index.ts';
import { inGuest, loadedNames, MODULES } from '../vm/in-guest.ts';
import { questions, symbolTable } from './old-answers.ts';

const BOOK = ['export', 'import', 'slave', 'device', 'longname'];
const OWN = ['kmodctl_noexit', 'kmodctl_fail', 'kmodctl_slow'];

inGuest(
  'get_kernel_syms, query_module, create_module, init_module and delete_module, as in 1995 and 2.4',
  { testModules: [...BOOK, ...OWN], timeouts: { command: 180_000 } },
  async (t, { vm }) => {
    await bareCalls(t, vm);
    await loading(t, vm);
    await symbolTable(t, vm);
    await questions(t, vm);
    await creating(t, vm);
    await tools(t, vm);
    await hiddenAddresses(t, vm);
    await unloading(t, vm);
    await failingInits(t, vm);
    await openDevice(t, vm);
    await whileInitRuns(t, vm);
    await classicList(t, vm);
    await versions(t, vm);
  },
);

/** The code of an error, or `none`, of each call. Runs in the guest. */
async function bareCalls(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const codes = await vm.evaluate(async () => {
    const { obsoleteCalls, QM_EXISTS } = await import('kmodctl/syscalls');
    const attempts = [
      () => obsoleteCalls.getKernelSyms(),
      () => obsoleteCalls.createModule('x', 4096),
      () => obsoleteCalls.queryModule(null, QM_EXISTS),
    ];
    return attempts.map((attempt) => {
      try {
        attempt();
        return 'none';
      } catch (error) {
        const { code, syscall } = error as { code: string; syscall: string };
        return `${syscall} ${code}`;
      }
    });
  });
  t.deepEqual(codes, ['get_kernel_syms ENOSYS', 'create_module ENOSYS', 'query_module ENOSYS']);
}

/** Both calls load; without export there is a symbol missing, and the console says which. */
async function loading(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const refused = await vm.evaluate(async (folder) => {
    const { closeSync, openSync, readFileSync } = await import('node:fs');
    const { finitModule, initModule } = await import('kmodctl/syscalls');
    const load = async (name: string): Promise<void> => {
      const fd = openSync(`${folder}/${name}.ko`, 'r');
      await finitModule(fd).finally(() => {
        closeSync(fd);
      });
    };
    const attempts = [
      () => initModule(readFileSync(`${folder}/import.ko`)),
      () => Reflect.apply(initModule, undefined, ['export', Buffer.alloc(8), 8]) as Promise<void>,
      () => initModule(readFileSync(`${folder}/export.ko`)),
      ...['longname', 'import', 'slave'].map((name) => () => load(name)),
    ];
    const results: string[] = [];
    for (const attempt of attempts)
      try {
        await attempt();
        results.push('loaded');
      } catch (error) {
        results.push((error as { code: string }).code);
      }
    return results;
  }, MODULES);
  t.deepEqual(refused, ['ENOENT', 'ERR_INVALID_ARG_TYPE', 'loaded', 'loaded', 'loaded', 'loaded']);
  const log = new Set((await vm.kernelLog()).map(({ message }) => message));
  t.true(log.has('import: Unknown symbol export_function (err -2)'));
  t.true(log.has('import: my mate tells that 2+2 = 4'));
  t.deepEqual((await loadedNames(vm)).slice(0, 4), ['slave', 'import', 'longname', 'export']);
}

async function creating(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const seen = await vm.evaluate(async () => {
    const { createModule } = await import('kmodctl/syscalls');
    const code = (name: string, size: number): unknown => {
      try {
        return createModule(name, size).source;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const { source, address, size, state } = createModule('mine', 5000);
    const codes = [code('mine', 1), code('export', 1), code('', 1), code('x', 0), code('x'.repeat(64), 1)];
    return { source, address, size, state, codes };
  });
  t.deepEqual(seen, {
    source: 'emulated',
    address: null,
    size: 8192,
    state: 0,
    codes: ['EEXIST', 'EEXIST', 'EINVAL', 'EINVAL', 'E2BIG'],
  });
}

/** ksyms against /proc/kallsyms. */
async function tools(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const pattern = "-e ' __ksymtab_' -e ' T _printk$' -e ' [tT] export_function'";
  const { stdout: listed } = await vm.run(['sh', '-c', `grep ${pattern} /proc/kallsyms`]);
  const addressOf = (end: string): string =>
    listed
      .split('\n')
      .find((line) => line.endsWith(end))
      ?.slice(0, 16) ?? 'not there';
  const { stdout } = await vm.run(['ksyms', '-a', '-m']);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines[0], 'Address           Symbol                            Defined by');
  const modules = (await loadedNames(vm)).length;
  t.is(lines.length, 1 + modules + (listed.match(/ __ksymtab_/g)?.length ?? 0));
  t.true(lines.includes(`${addressOf(' T _printk')}  _printk`));
  // As the book shows it, but for the version in the name.
  const place = addressOf(' T export_function\t[export]');
  t.true(lines.includes(`${place}  ${'export_function'.padEnd(32)}  [export]`));
  t.regex(stdout, /^[0-9a-f]{16} {2}\(1[26]k\) {29}\[import\]$/m);
  t.log(stdout.split('\n').slice(0, 8).join('\n'));
}

async function hiddenAddresses(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const before = await vm.readFile('/proc/sys/kernel/kptr_restrict', 'utf8');
  await vm.writeFile('/proc/sys/kernel/kptr_restrict', '2\n');
  const seen = await vm.evaluate(async () => {
    const { getKernelSyms, queryModule, QM_INFO } = await import('kmodctl/syscalls');
    const { symbols, addressesHidden } = await getKernelSyms();
    const { info } = await queryModule('export', QM_INFO);
    return {
      addressesHidden,
      known: symbols.filter(({ value }) => value !== null).map(({ name }) => name),
      marks: symbols.filter(({ name }) => name.startsWith('#')).length,
      address: info?.address,
    };
  });
  t.deepEqual([seen.addressesHidden, seen.known, seen.address], [true, ['#'], null]);
  t.true(seen.marks > 4);
  t.regex((await vm.run(['ksyms'])).stdout, /^\(hidden\) {10}export_function {19}\[export\]$/m);
  await vm.writeFile('/proc/sys/kernel/kptr_restrict', before);
}

/** What uses another goes first; what has no exit stays. */
async function unloading(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.is((await vm.run(['insmod', `${MODULES}/kmodctl_noexit.ko`])).exitCode, 0);
  const codes = await vm.evaluate(async () => {
    const { deleteModule } = await import('kmodctl/syscalls');
    const results: string[] = [];
    for (const name of [
      'export',
      'import',
      'export',
      'slave',
      'longname',
      'slave',
      'kmodctl_noexit',
      'x'.repeat(56),
    ])
      results.push(
        await deleteModule(name).then(
          () => 'unloaded',
          (error: unknown) => (error as { code: string }).code,
        ),
      );
    return results;
  });
  t.deepEqual(codes, [
    'EAGAIN', // EWOULDBLOCK is the same number
    'unloaded',
    'unloaded',
    'unloaded',
    'unloaded',
    'ENOENT',
    'EBUSY',
    'ERR_OUT_OF_RANGE', // no module can have such a name, and older kernels would cut it
  ]);
  t.regex(await vm.readFile('/proc/modules', 'utf8'), /^kmodctl_noexit \d+ 0 \[permanent\], Live /m);
}

/** What init returns is the errno, whatever that is; nothing is left of the module. */
async function failingInits(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const seen = await vm.evaluate(async (file) => {
    const { existsSync, readFileSync } = await import('node:fs');
    const { deleteModule, initModule } = await import('kmodctl/syscalls');
    const image = readFileSync(file);
    const results: string[] = [];
    for (const result of ['-16', '-5', '-5000', 'abc', '1']) {
      const code = await initModule(image, `result=${result}`).then(
        () => 'loaded',
        (error: unknown) => (error as { code: string }).code,
      );
      results.push(`${code} ${existsSync('/sys/module/kmodctl_fail')}`);
    }
    await deleteModule('kmodctl_fail');
    return results;
  }, `${MODULES}/kmodctl_fail.ko`);
  t.deepEqual(seen, ['EBUSY false', 'EIO false', 'UNKNOWN false', 'EINVAL false', 'loaded true']);
  const log = (await vm.kernelLog()).map(({ message }) => message);
  t.true(log.some((line) => line.includes("`abc' invalid for parameter `result'")));
}

/** An open device counts, as the use count in front of the code did. */
async function openDevice(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.is((await vm.run(['insmod', `${MODULES}/device.ko`])).exitCode, 0);
  const seen = await vm.evaluate(async () => {
    const { closeSync, openSync, readFileSync } = await import('node:fs');
    const { deleteModule, queryModule, QM_INFO } = await import('kmodctl/syscalls');
    const facts = async (): Promise<unknown[]> => [
      readFileSync('/sys/module/device/refcnt', 'latin1').trim(),
      (await queryModule('device', QM_INFO)).info?.usecount,
    ];
    const fd = openSync('/dev/kmodctl_device', 'r');
    const open = await facts();
    const refused = await deleteModule('device').then(
      () => 'unloaded',
      (error: unknown) => (error as { code: string }).code,
    );
    closeSync(fd);
    const closed = await facts();
    await deleteModule('device');
    return { open, refused, closed };
  });
  t.deepEqual(seen, { open: ['1', 1], refused: 'EAGAIN', closed: ['0', 0] });
}

/** A module that is on its way in: MOD_UNINITIALIZED, counted, and not in the table. */
async function whileInitRuns(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const seen = await vm.evaluate(async (file) => {
    const { existsSync, openSync, readFileSync } = await import('node:fs');
    const { setTimeout: sleep } = await import('node:timers/promises');
    const { execFileSync } = await import('node:child_process');
    const calls = await import('kmodctl/syscalls');
    const state = '/sys/module/kmodctl_slow/initstate';
    const fd = openSync(file, 'r');
    const load = calls.finitModule(fd, 'init_ms=20000');
    while (!existsSync(state)) await sleep(20);
    const word = readFileSync(state, 'latin1').trim() as 'coming';
    const { count, symbols } = await calls.getKernelSyms();
    const { info } = await calls.queryModule('kmodctl_slow', calls.QM_INFO);
    const list = execFileSync('lsmod', ['--classic'], { encoding: 'utf8' });
    const stillComing = readFileSync(state, 'latin1').trim();
    await load;
    const live = readFileSync(state, 'latin1').trim() as 'live';
    await calls.deleteModule('kmodctl_slow');
    return {
      states: [word, calls.modStateOf(word), stillComing, live, calls.modStateOf(live)],
      missing: count - symbols.length,
      inTable: symbols.some(({ name }) => name === '#kmodctl_slow'),
      flags: info?.flags,
      line: list.split('\n').find((line) => line.startsWith('kmodctl_slow')),
    };
  }, `${MODULES}/kmodctl_slow.ko`);
  t.deepEqual(seen.states, ['coming', 0, 'coming', 'live', 1]);
  t.deepEqual([seen.missing, seen.inTable, seen.flags], [1, false, 64]);
  t.regex(seen.line ?? '', /^kmodctl_slow +\d+ \(initializing\)$/);
}

/** The transcripts of 2001: slave is loaded on demand, import uses export. */
async function classicList(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const release = (await vm.run(['uname', '-r'])).stdout.trim();
  const folder = `/tree/lib/modules/${release}`;
  const script = `mkdir -p ${folder} && cd ${folder} && cp ${['export', 'import', 'slave'].map((name) => `${MODULES}/${name}.ko`).join(' ')} . &&
    touch modules.order modules.builtin modules.builtin.modinfo && depmod -b /tree ${release} && modprobe -d /tree import && modprobe -d /tree -k slave`;
  t.like(await vm.run(['sh', '-c', script]), { exitCode: 0, stderr: '' });
  const { stdout } = await vm.run(['lsmod', '--classic']);
  t.regex(stdout, /^Module {18}Size {2}Used by {4}Tainted: \w*OE?\n/);
  const lines = stdout.split('\n').slice(1, 4);
  t.log(lines.join('\n'));
  t.deepEqual(
    lines.map((line) => line.replaceAll(/ +/g, ' ').replace(/ \d{4,} /, ' SIZE ')),
    ['slave SIZE 0 (autoclean)', 'import SIZE 0 (unused)', 'export SIZE 0 [import]'],
  );
}

async function versions(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const { stdout, stderr } = await vm.run([
    'modinfo',
    '--versions',
    `${MODULES}/import.ko`,
    `${MODULES}/export.ko`,
  ]);
  t.log(stdout);
  t.is(stderr, '');
  t.regex(stdout, /^export_function +0x888cb211 {2}0x888cb211 {2}same +export$/m);
  t.regex(stdout, /^module_layout +(0x[0-9a-f]{8}) {2}\1 {2}same +kernel$/m);
  t.regex(stdout, /^_printk +(0x[0-9a-f]{8}) {2}\1 {2}same +kernel$/m);
  t.regex(stdout, /^export_function {2}0x888cb211 {2}all$/m);
  t.notRegex(stdout, /DIFFERS/);
  const classic = await vm.run(['modinfo', '--versions', '--classic', `${MODULES}/import.ko`]);
  t.regex(classic.stdout, /^ {17}U _printk_R[0-9a-f]{8}$/m);
  t.regex(classic.stdout, /^ {17}U export_function_R888cb211$/m);
  // In the kernel's tree, so that it is known from which file it came.
  const release = (await vm.run(['uname', '-r'])).stdout.trim();
  const script = `cp ${MODULES}/export.ko /lib/modules/${release}/ && depmod ${release} 2>/dev/null; ksyms --versions`;
  const { stdout: listed } = await vm.run(['sh', '-c', script]);
  t.regex(listed, /^[0-9a-f]{16} {2}export_function_R888cb211 {9}\[export\]$/m);
  const info = await vm.run(['kmodctl', 'info', '--versions', '--json', `${MODULES}/import.ko`]);
  const { modules } = JSON.parse(info.stdout) as {
    modules: { versions: { needs: { name: string; crc: number; agrees: boolean | null }[] } }[];
  };
  const need = modules[0]?.versions.needs.find(({ name }) => name === 'export_function');
  t.like(need, { crc: 0x888c_b211, agrees: true });
}
