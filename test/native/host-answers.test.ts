import { closeSync, existsSync, openSync } from 'node:fs';
import { release } from 'node:os';

import test from 'ava';

import {
  deleteModule,
  deleteModuleSync,
  finitModule,
  finitModuleSync,
  initModule,
  initModuleSync,
  KmodError,
  type ModuleCalls,
  moduleCalls,
  obsoleteCalls,
  ModuleSystemError,
  QM_EXISTS,
  QM_MODULES,
} from '../../src/syscalls.ts';

// Real calls on the kernel that runs this test. Where it has modules, none of these can load or unload anything:
// a device is not a regular file, four bytes are not an ELF file, and no module's name contains a space.
const noSuchModule = 'no such module';

interface RealCall {
  readonly name: string;
  readonly call: (fd: number) => unknown;
  readonly syscall: string;
  /** The answer of a kernel with modules: with the right to load, and without. */
  readonly codes: readonly string[];
  readonly about: { readonly path?: string; readonly module?: string };
}

const device = '/dev/null';
const realCalls: readonly RealCall[] = [
  ...[finitModule, finitModuleSync].map((call) => ({
    name: call.name,
    call: (fd: number): unknown => call(fd),
    syscall: 'finit_module',
    codes: ['EINVAL', 'EPERM'],
    about: { path: device },
  })),
  ...[initModule, initModuleSync].map((call) => ({
    name: call.name,
    call: (): unknown => call(Buffer.from('\x7fELF'), 'a=1', { module: 'x' }),
    syscall: 'init_module',
    codes: ['ENOEXEC', 'EPERM'],
    about: { module: 'x' },
  })),
  ...[deleteModule, deleteModuleSync].map((call) => ({
    name: call.name,
    call: (): unknown => call(noSuchModule),
    syscall: 'delete_module',
    codes: ['ENOENT', 'EPERM'],
    about: { module: noSuchModule },
  })),
];

for (const { name, call, syscall, codes, about } of realCalls)
  test(`${name}: the running kernel's own answer`, async (t) => {
    const fd = openSync(device, 'r');
    const error = (await t.throwsAsync(async () => call(fd))) as KmodError | ModuleSystemError;
    closeSync(fd);
    const { path, module } = error;
    t.deepEqual({ path, module }, { path: undefined, module: undefined, ...about });
    t.is(error.syscall, syscall);
    if (existsSync('/proc/modules')) {
      t.true(error instanceof ModuleSystemError);
      t.true(codes.includes(error.code), error.message);
      t.true((error.errno ?? 0) < 0);
      return;
    }
    t.true(error instanceof KmodError);
    t.is(error.code, 'ERR_KMOD_NO_MODULE_SUPPORT');
    t.is(error.errno, -38);
    t.true(error.message.includes(release()));
    t.regex(error.message, /no support for loadable modules: \w+ answers ENOSYS .*CONFIG_MODULES=n/);
  });

test('a closed descriptor is an error of the same shape', async (t) => {
  const fd = openSync(device, 'r');
  closeSync(fd);
  const error = await t.throwsAsync(finitModule(fd), { any: true });
  const { code } = error as NodeJS.ErrnoException;
  t.true(['EBADF', 'EPERM', 'ERR_KMOD_NO_MODULE_SUPPORT'].includes(code ?? ''), code);
});

const obsolete: readonly (readonly [syscall: string, call: () => unknown])[] = [
  ['create_module', () => obsoleteCalls.createModule('x', 4096)],
  ['get_kernel_syms', () => obsoleteCalls.getKernelSyms()],
  ['get_kernel_syms', () => obsoleteCalls.getKernelSyms(new Uint8Array(10))],
  ['query_module', () => obsoleteCalls.queryModule(null, QM_EXISTS)],
  ['query_module', () => obsoleteCalls.queryModule('x', QM_MODULES, new Uint8Array(10))],
];

for (const [index, [syscall, call]] of obsolete.entries())
  test(`${syscall} (${index}) answers ENOSYS`, (t) => {
    const error = t.throws<ModuleSystemError>(call, { instanceOf: ModuleSystemError, code: 'ENOSYS' });
    t.is(error?.errno, -38);
    t.is(error?.syscall, syscall);
    t.regex(error?.message ?? '', new RegExp(`^ENOSYS: Function not implemented, ${syscall}`));
  });

test('moduleCalls holds the real calls', (t) => {
  const calls: ModuleCalls = {
    initModule,
    initModuleSync,
    finitModule,
    finitModuleSync,
    deleteModule,
    deleteModuleSync,
  };
  t.deepEqual(moduleCalls, calls);
});
