/** The calls of 1995 and 2.4: against a kernel that has them (in place of which stand functions that answer as it did), and without. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import {
  createModule,
  decodeModuleInfo,
  decodeModuleNames,
  decodeModuleSymbols,
  encodeKernelSymbols,
  encodeModuleInfo,
  encodeModuleNames,
  encodeModuleSymbols,
  getKernelSyms,
  initModule,
  initModuleSync,
  kernelSymbolSize,
  KmodError,
  MOD_AUTOCLEAN,
  MOD_DELETED,
  MOD_INITIALIZING,
  MOD_RUNNING,
  MOD_UNINITIALIZED,
  ModuleSystemError,
  moduleStateOf,
  modStateOf,
  QM_DEPS,
  QM_EXISTS,
  QM_INFO,
  QM_MODULES,
  QM_REFS,
  QM_SYMBOLS,
  queryModule,
  QuerySpaceError,
} from '../../src/syscalls.ts';
import { HIDDEN_KALLSYMS, KALLSYMS, SYMBOL_MODULES } from '../fixtures/symbol-list.ts';

function kernelRoot(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'kmodctl-old-calls-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const all: Readonly<Record<string, string>> = {
    'proc/modules': SYMBOL_MODULES,
    'proc/kallsyms': KALLSYMS,
    'proc/self/status': 'Name:\tnode\nCapEff:\t000001ffffffffff\n',
    'sys/module/export/initstate': 'live\n',
    'run/kmodctl/autoclean': '',
    'sys/module/export/sections/.gnu.linkonce.this_module': '0xffffffffc0102000\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const refusing = (result: number, syscall: string) => (): never => {
  throw new ModuleSystemError({ syscall, result });
};

const code = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'none',
    (error: unknown) => (error as ModuleSystemError).code,
  );

test('getKernelSyms: modules newest first, each behind its #NAME, then # and the kernel', async (t) => {
  const table = await getKernelSyms({ root: kernelRoot(t) });
  t.deepEqual(table, {
    source: 'emulated',
    // With the two entries of the module that is still loading.
    count: 10,
    addressesHidden: false,
    symbols: [
      { name: '#slave', value: 0xffff_ffff_c030_2000n },
      { name: '#import', value: 0xffff_ffff_c020_2000n },
      { name: '#export', value: 0xffff_ffff_c010_2000n },
      { name: 'export_function', value: 0xffff_ffff_c010_0010n },
      { name: '#', value: 0n },
      { name: '_printk', value: 0xffff_ffff_8100_0200n },
      // An address of its own, not a hidden one.
      { name: 'fixed_percpu_data', value: 0n },
      // The global one of two.
      { name: 'kfree', value: 0xffff_ffff_8100_0300n },
    ],
  });
  t.is(encodeKernelSymbols(table.symbols).length, 8 * kernelSymbolSize());
});

test('getKernelSyms: hidden addresses are null', async (t) => {
  const table = await getKernelSyms({ root: kernelRoot(t, { 'proc/kallsyms': HIDDEN_KALLSYMS }) });
  t.true(table.addressesHidden);
  t.is(table.symbols.length, 8);
  t.deepEqual(
    table.symbols.filter(({ value }) => value !== null),
    [{ name: '#', value: 0n }],
  );
});

test('getKernelSyms: a kernel that does not tell what it exports', async (t) => {
  const without = KALLSYMS.split('\n').filter((line) => !/ __ksymtab_\w+$/.test(line));
  const root = kernelRoot(t, { 'proc/kallsyms': without.join('\n') });
  await t.throwsAsync(getKernelSyms({ root }), {
    instanceOf: KmodError,
    code: 'ERR_KMOD_NO_SYMBOLS',
    message: /CONFIG_KALLSYMS_ALL/,
  });
  rmSync(join(root, 'proc/kallsyms'));
  await t.throwsAsync(getKernelSyms({ root }), { code: 'ERR_KMOD_NO_SYMBOLS', message: /CONFIG_KALLSYMS,/ });
  await t.throwsAsync(getKernelSyms({ rot: root } as never), { message: /did you mean "root"/ });
});

test('a kernel that has the calls gives the answer', async (t) => {
  const symbols = [
    { name: '#slave', value: 1n },
    { name: '#', value: 0n },
    { name: 'printk', value: 2n },
  ];
  let asked = 0;
  const table = await getKernelSyms(
    {},
    {
      getKernelSyms: (bytes) => {
        // The second time a module has gone: it has to be asked again.
        const count = asked++ === 0 ? 4 : 3;
        bytes?.set(encodeKernelSymbols(symbols));
        return count;
      },
    },
  );
  t.deepEqual(table, { source: 'kernel', count: 3, symbols, addressesHidden: false });
  t.is(asked, 4);

  const names = Array.from({ length: 700 }, (_, index) => `module_${index}`);
  const info = { address: 5n, size: 620, flags: MOD_RUNNING, usecount: 0 };
  const calls = {
    queryModule: (_: string | null, which: number, buffer: Uint8Array | null = null) => {
      const answers: Readonly<Record<number, Uint8Array>> = {
        [QM_MODULES]: encodeModuleNames(names),
        [QM_SYMBOLS]: encodeModuleSymbols(symbols),
        [QM_INFO]: encodeModuleInfo(info),
      };
      const answer = answers[which] ?? new Uint8Array();
      if ((buffer?.length ?? 0) < answer.length)
        throw new ModuleSystemError({ syscall: 'query_module', result: -28 });
      buffer?.set(answer);
      return { ret: which === QM_MODULES ? names.length : symbols.length };
    },
  };
  t.like(await queryModule(null, QM_MODULES, {}, calls), { source: 'kernel', ret: 700, names });
  t.like(await queryModule('slave', QM_SYMBOLS, {}, calls), { source: 'kernel', ret: 3, symbols });
  t.like(await queryModule('slave', QM_INFO, {}, calls), { source: 'kernel', info });
  t.like(createModule('x', 100, {}, { createModule: () => 0xc280_0000n }), {
    source: 'kernel',
    address: 0xc280_0000n,
    size: 4096,
  });
});

test('an answer of the kernel that is not ENOSYS counts, but EPERM only where a right is needed', async (t) => {
  const ask = queryModule('x', QM_INFO, {}, { queryModule: refusing(-2, 'query_module') });
  t.is(await code(ask), 'ENOENT');
  t.throws(() => createModule('x', 1, {}, { createModule: refusing(-1, 'create_module') }), {
    code: 'EPERM',
  });
});

test('queryModule: each question', async (t) => {
  const root = kernelRoot(t);
  const ask = (name: string | null, which: number) => queryModule(name, which, { root });
  t.like(await ask(null, QM_EXISTS), { source: 'emulated', ret: 0, names: null });
  t.like(await ask(null, QM_MODULES), { ret: 4, names: ['slave', 'import', 'late', 'export'] });
  t.like(await ask('import', QM_DEPS), { ret: 1, names: ['export'] });
  t.like(await ask('export', QM_REFS), { ret: 1, names: ['import'] });
  t.like(await ask('slave', QM_REFS), { ret: 0, names: [] });
  const symbols = [{ name: 'export_function', value: 0xffff_ffff_c010_0010n }];
  t.like(await ask('export', QM_SYMBOLS), { ret: 1, symbols });
  t.like(await ask(null, QM_SYMBOLS), { ret: 3 });
  t.like(await ask('export', QM_INFO), {
    ret: process.arch === 'ia32' || process.arch === 'arm' ? 16 : 32,
    info: { address: 0xffff_ffff_c010_2000n, size: 16_384, flags: MOD_RUNNING, usecount: 1 },
  });
  // Loaded by `modprobe -k`.
  writeFileSync(
    join(root, 'run/kmodctl/autoclean'),
    `export ${statSync(join(root, 'sys/module/export')).ino} new\n`,
  );
  t.like(await ask('export', QM_INFO), { info: { flags: MOD_RUNNING + MOD_AUTOCLEAN } });
  const { info, unknown } = await ask('late', QM_INFO);
  t.deepEqual(info, { address: null, size: 20_480, flags: MOD_INITIALIZING, usecount: 1 });
  t.true(unknown.includes('MOD_USED_ONCE'));
});

test('queryModule: ENOENT, EINVAL, and ENOSPC with the size that is needed', async (t) => {
  const root = kernelRoot(t);
  const ask = (name: string | null, which: number, buffer?: Uint8Array) =>
    queryModule(name, which, { root, buffer });
  t.is(await code(ask('none', QM_INFO)), 'ENOENT');
  // The name is looked up whatever is asked.
  t.is(await code(ask('none', QM_MODULES)), 'ENOENT');
  t.is(await code(ask('none', 99)), 'ENOENT');
  t.is(await code(ask(null, 99)), 'EINVAL');
  t.is(await code(ask('', QM_INFO)), 'EINVAL');
  for (const which of [QM_DEPS, QM_REFS, QM_INFO]) t.is(await code(ask(null, which)), 'EINVAL');
  t.is(await code(ask(5 as never, QM_INFO)), 'ERR_INVALID_ARG_TYPE');
  t.is(await code(ask('slave', -1)), 'ERR_OUT_OF_RANGE');

  const error = await t.throwsAsync<QuerySpaceError>(ask(null, QM_MODULES, new Uint8Array(10)), {
    instanceOf: QuerySpaceError,
    code: 'ENOSPC',
  });
  t.is(error?.needed, 'slave import late export '.length);
  const buffer = Buffer.alloc(error?.needed ?? 0);
  const { ret } = await ask(null, QM_MODULES, buffer);
  t.deepEqual(decodeModuleNames(buffer, ret), ['slave', 'import', 'late', 'export']);
  const large = Buffer.alloc(1000);
  const { info } = await ask('export', QM_INFO, large);
  t.deepEqual(decodeModuleInfo(large), info);
  const { symbols } = await ask(null, QM_SYMBOLS, large);
  t.deepEqual(decodeModuleSymbols(large, 3), symbols);
});

test('createModule: the checks of 1995, a reservation, and no address', (t) => {
  const root = kernelRoot(t);
  const created = createModule('mine', 5000, { root });
  const { release, ...facts } = created;
  t.deepEqual(facts, {
    source: 'emulated',
    name: 'mine',
    address: null,
    size: 8192,
    state: MOD_UNINITIALIZED,
  });
  const refusal = (name: string, size: number, at = root): unknown =>
    t.throws<ModuleSystemError>(() => createModule(name, size, { root: at }))?.code;
  t.is(refusal('mine', 1), 'EEXIST');
  release();
  // Given back twice: what has the name by then keeps it.
  const later = createModule('mine', 1, { root });
  release();
  t.throws(() => createModule('mine', 1, { root }), { code: 'EEXIST' });
  later.release();
  createModule('mine', 1, { root }).release();
  t.is(refusal('export', 1), 'EEXIST');
  t.is(refusal('', 1), 'EINVAL');
  t.is(refusal('x', 0), 'EINVAL');
  t.is(refusal('x'.repeat(64), 1), 'E2BIG');
  t.is(refusal('x', -1), 'ERR_OUT_OF_RANGE');
  t.is(refusal('x', 1, kernelRoot(t, { 'proc/self/status': 'CapEff:\t0000000000000000\n' })), 'EPERM');
  t.is(refusal('x', 1, kernelRoot(t, { 'proc/sys/kernel/modules_disabled': '1\n' })), 'EPERM');
});

test('states of 1995 and of today', (t) => {
  t.deepEqual((['coming', 'live', 'going'] as const).map(modStateOf), [
    MOD_UNINITIALIZED,
    MOD_RUNNING,
    MOD_DELETED,
  ]);
  t.deepEqual([0, 1, 2, 3].map(moduleStateOf), ['coming', 'live', 'going', undefined]);
});

test('init_module in its form of 1995 is refused, and says why', async (t) => {
  const message =
    /must be a Buffer or Uint8Array.*form init_module\(name, code, codesize, routines, symtab\) of 1995/;
  const legacy = ['mine', Buffer.alloc(100), 100, null, null] as const;
  await t.throwsAsync(Reflect.apply(initModule, undefined, legacy) as Promise<void>, {
    instanceOf: TypeError,
    message,
  });
  t.throws(() => Reflect.apply(initModuleSync, undefined, legacy), { instanceOf: TypeError, message });
});
