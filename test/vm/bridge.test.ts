import { inGuest, loadedNames, MODULES } from './in-guest.ts';

inGuest(
  'finitModule loads with parameters, deleteModule unloads',
  { testModules: ['kmodctl_params'] },
  async (t, { vm }) => {
    await vm.evaluate(async (file) => {
      const { openSync, closeSync } = await import('node:fs');
      const { finitModule } = await import('kmodctl/syscalls');
      const fd = openSync(file, 'r');
      await finitModule(fd, 'number=7 enabled=1 label="two words" list=5,6');
      closeSync(fd);
    }, `${MODULES}/kmodctl_params.ko`);
    const read = async (name: string): Promise<string> =>
      await vm.readFile(`/sys/module/kmodctl_params/parameters/${name}`, 'utf8');
    t.deepEqual(
      [await read('number'), await read('enabled'), await read('label'), await read('list')],
      ['7\n', 'Y\n', 'two words\n', '5,6\n'],
    );
    await vm.evaluate(async () => {
      await (await import('kmodctl/syscalls')).deleteModule('kmodctl_params');
    });
    t.false((await loadedNames(vm)).includes('kmodctl_params'));
  },
);

inGuest(
  'initModule loads from memory, by promise and at once',
  { testModules: ['kmodctl_params'] },
  async (t, { vm }) => {
    const numbers = await vm.evaluate(async (file) => {
      const { readFileSync } = await import('node:fs');
      const { initModule, initModuleSync, deleteModuleSync } = await import('kmodctl/syscalls');
      const image = readFileSync(file);
      const number = (): string =>
        readFileSync('/sys/module/kmodctl_params/parameters/number', 'utf8').trim();
      const pending = initModule(image, 'number=8');
      image.fill(0); // the call works on a copy
      await pending;
      const first = number();
      deleteModuleSync('kmodctl_params');
      initModuleSync(readFileSync(file), 'number=9');
      return [first, number()];
    }, `${MODULES}/kmodctl_params.ko`);
    t.deepEqual(numbers, ['8', '9']);
  },
);

/** Runs in the guest: loads a file and answers the error as plain data. */
async function loadError(file: string, parameters = '', flags = 0): Promise<Record<string, unknown> | null> {
  const { openSync, closeSync } = await import('node:fs');
  const { finitModule, finitModuleSync } = await import('kmodctl/syscalls');
  const fd = openSync(file, 'r');
  const describe = (error: unknown): Record<string, unknown> => {
    const { name, message } = error as Error;
    return { name, message, ...(error as object) };
  };
  try {
    let first: Record<string, unknown> | null = null;
    try {
      await finitModule(fd, parameters, flags);
    } catch (error) {
      first = describe(error);
    }
    if (first === null) return null;
    try {
      finitModuleSync(fd, parameters, flags);
    } catch (error) {
      const second = describe(error);
      if (JSON.stringify(first) !== JSON.stringify(second))
        throw new Error(`${JSON.stringify(first)} by promise, ${JSON.stringify(second)} at once`, {
          cause: error,
        });
      return first;
    }
    throw new Error('refused by promise, accepted at once');
  } finally {
    closeSync(fd);
  }
}

inGuest('a module that is there already: EEXIST', { testModules: ['kmodctl_small'] }, async (t, { vm }) => {
  const file = `${MODULES}/kmodctl_small.ko`;
  t.is(await vm.evaluate(loadError, file), null);
  t.like(await vm.evaluate(loadError, file), {
    name: 'ModuleSystemError',
    code: 'EEXIST',
    errno: -17,
    syscall: 'finit_module',
    path: file,
    message: `EEXIST: File exists, finit_module '${file}'`,
  });
});

inGuest(
  'what an init returns comes through, whatever it is',
  { testModules: ['kmodctl_fail'] },
  async (t, { vm }) => {
    const file = `${MODULES}/kmodctl_fail.ko`;
    const withResult = async (result: number): Promise<Record<string, unknown> | null> =>
      await vm.evaluate(loadError, file, `result=${result}`);
    t.like(await withResult(-5), { code: 'EIO', errno: -5 });
    t.like(await withResult(-1), { code: 'EPERM', errno: -1 });
    t.like(await withResult(-517), { code: 'EPROBE_DEFER', errno: -517 });
    t.like(await withResult(-126), { code: 'ENOKEY', errno: -126 });
    const beyond = await withResult(-5000);
    t.like(beyond, { code: 'UNKNOWN', errno: -5000 });
    t.regex(String(beyond?.['message']), /returned -5000, below every errno/);
    t.false((await loadedNames(vm)).includes('kmodctl_fail'));
    // A positive value is no failure to the kernel: the module stays, with a warning in the log.
    t.is(await withResult(3), null);
    t.true((await loadedNames(vm)).includes('kmodctl_fail'));
  },
);

inGuest(
  'missing symbols, and a dependency in use',
  { testModules: ['kmodctl_pair_base', 'kmodctl_pair_user'] },
  async (t, { vm }) => {
    t.like(await vm.evaluate(loadError, `${MODULES}/kmodctl_pair_user.ko`), { code: 'ENOENT', errno: -2 });
    t.is(await vm.evaluate(loadError, `${MODULES}/kmodctl_pair_base.ko`), null);
    t.is(await vm.evaluate(loadError, `${MODULES}/kmodctl_pair_user.ko`), null);
    const unload = async (name: string): Promise<void> => {
      await vm.evaluate(async (module) => {
        await (await import('kmodctl/syscalls')).deleteModule(module);
      }, name);
    };
    const inUse = await t.throwsAsync(unload('kmodctl_pair_base'));
    t.like(inUse, { code: 'EAGAIN', errno: -11, syscall: 'delete_module', module: 'kmodctl_pair_base' });
    await unload('kmodctl_pair_user');
    await unload('kmodctl_pair_base');
    t.like(await t.throwsAsync(unload('kmodctl_pair_base')), { code: 'ENOENT', errno: -2 });
  },
);

inGuest('a module without exit stays: EBUSY', { testModules: ['kmodctl_noexit'] }, async (t, { vm }) => {
  t.is(await vm.evaluate(loadError, `${MODULES}/kmodctl_noexit.ko`), null);
  const busy = await t.throwsAsync(
    vm.evaluate(async () => {
      (await import('kmodctl/syscalls')).deleteModuleSync('kmodctl_noexit');
    }),
  );
  t.like(busy, { code: 'EBUSY', errno: -16, module: 'kmodctl_noexit' });
});

inGuest(
  'descriptors that cannot be loaded from are told apart',
  { testModules: ['kmodctl_small'] },
  async (t, { vm }) => {
    const messages = await vm.evaluate(async (file) => {
      const { closeSync, constants, copyFileSync, openSync } = await import('node:fs');
      const { finitModule } = await import('kmodctl/syscalls');
      const copy = '/tmp/copy.ko';
      copyFileSync(file, copy);
      const attempt = async (fd: number): Promise<string> => {
        try {
          await finitModule(fd);
          return 'loaded';
        } catch (error) {
          return `${(error as { code: string }).code} ${(error as Error).message}`;
        }
      };
      const opened = async (path: string, flags: number): Promise<string> => {
        const fd = openSync(path, flags);
        const answer = await attempt(fd);
        closeSync(fd);
        return answer;
      };
      const closed = openSync(copy, 'r');
      closeSync(closed);
      return {
        closed: await attempt(closed),
        writeOnly: await opened(copy, constants.O_WRONLY),
        readWrite: await opened(copy, constants.O_RDWR),
        path: await opened(copy, 0o10000000),
        directory: await opened('/tmp', constants.O_RDONLY),
        device: await opened('/dev/null', constants.O_RDONLY),
        readOnly: await opened(copy, constants.O_RDONLY),
      };
    }, `${MODULES}/kmodctl_small.ko`);
    t.regex(messages.closed, /^EBADF .*file descriptor \d+ is not open/);
    t.regex(messages.writeOnly, /^EBADF .*open for writing only/);
    t.regex(messages.readWrite, /^ETXTBSY .*open it read-only/);
    t.regex(messages.path, /^EBADF .*O_PATH/);
    t.regex(messages.directory, /^EINVAL /);
    t.regex(messages.device, /^EINVAL /);
    t.is(messages.readOnly, 'loaded');
  },
);

inGuest('damaged images: ENOEXEC', { testModules: ['kmodctl_small'] }, async (t, { vm }) => {
  const codes = await vm.evaluate(async (file) => {
    const { readFileSync } = await import('node:fs');
    const { initModule } = await import('kmodctl/syscalls');
    const image = readFileSync(file);
    const code = async (bytes: Uint8Array): Promise<string> => {
      try {
        await initModule(bytes);
        return 'loaded';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    return [
      await code(image.subarray(0, image.length / 2)),
      await code(Buffer.alloc(0)),
      await code(Buffer.from('hello')),
    ];
  }, `${MODULES}/kmodctl_small.ko`);
  t.deepEqual(codes, ['ENOEXEC', 'ENOEXEC', 'ENOEXEC']);
});

inGuest('compressed files: unpacked by the kernel where it can', {}, async (t, { vm, kernel }) => {
  const path = (await vm.run(['sh', '-c', 'find /lib/modules/ -name "dummy.ko*"'])).stdout.trim();
  const { MODULE_INIT_COMPRESSED_FILE } = await import('../../src/syscalls.ts');
  if (kernel === '6.1') {
    // This kernel was built without decompression, and says so of any file.
    t.like(await vm.evaluate(loadError, path, '', MODULE_INIT_COMPRESSED_FILE), {
      code: 'EOPNOTSUPP',
      errno: -95,
    });
    t.is(await vm.evaluate(loadError, path), null);
  } else {
    t.like(await vm.evaluate(loadError, path), { code: 'ENOEXEC' });
    t.is(await vm.evaluate(loadError, path, '', MODULE_INIT_COMPRESSED_FILE), null);
  }
  t.true((await loadedNames(vm)).includes('dummy'));
});

inGuest('unknown flags: EINVAL from the kernel', { testModules: ['kmodctl_small'] }, async (t, { vm }) => {
  t.like(await vm.evaluate(loadError, `${MODULES}/kmodctl_small.ko`, '', 0x4000), { code: 'EINVAL' });
});

inGuest('parameters: the bound of one page', { testModules: ['kmodctl_params'] }, async (t, { vm }) => {
  const file = `${MODULES}/kmodctl_params.ko`;
  t.like(await vm.evaluate(loadError, file, 'x'.repeat(4096)), { code: 'ERR_KMOD_PARAMETERS' });
  t.is(await vm.evaluate(loadError, file, `number=5 ${'x'.repeat(4086)}`), null);
  t.is(await vm.readFile('/sys/module/kmodctl_params/parameters/number', 'utf8'), '5\n');
});

inGuest('the calls of 1995: ENOSYS', {}, async (t, { vm }) => {
  const codes = await vm.evaluate(async () => {
    const { obsoleteCalls: calls, QM_MODULES } = await import('kmodctl/syscalls');
    const attempts = [
      () => calls.createModule('x', 4096),
      () => calls.getKernelSyms(),
      () => calls.queryModule(null, QM_MODULES, Buffer.alloc(100)),
    ];
    return attempts.map((attempt) => {
      try {
        return JSON.stringify(attempt(), (_key, value: unknown) =>
          typeof value === 'bigint' ? Number(value) : value,
        );
      } catch (error) {
        const { code, syscall } = error as { code: string; syscall: string };
        return `${code} ${syscall}`;
      }
    });
  });
  t.deepEqual(codes, ['ENOSYS create_module', 'ENOSYS get_kernel_syms', 'ENOSYS query_module']);
});

inGuest(
  'without privilege: EPERM, whatever the arguments',
  { testModules: ['kmodctl_small'] },
  async (t, { vm }) => {
    const script = `
    import { openSync } from 'node:fs';
    const { finitModule, deleteModule } = await import('kmodctl/syscalls');
    const fd = openSync('${MODULES}/kmodctl_small.ko', 'r');
    const code = async (call) => { try { await call(); return 'done'; } catch (error) { return error.code; } };
    console.log(await code(() => finitModule(fd)), await code(() => finitModule(999)), await code(() => deleteModule('x')));`;
    await vm.writeFile('/usr/lib/node_modules/unprivileged.mjs', script);
    const { stdout, stderr } = await vm.evaluate(async () => {
      const { spawnSync } = await import('node:child_process');
      return spawnSync('node', ['/usr/lib/node_modules/unprivileged.mjs'], {
        uid: 1000,
        gid: 1000,
        encoding: 'utf8',
      });
    });
    t.is(stdout, 'EPERM EPERM EPERM\n', stderr);
  },
);

inGuest(
  'modules_disabled: EPERM for loading and unloading',
  { testModules: ['kmodctl_small'] },
  async (t, { vm }) => {
    t.is(await vm.evaluate(loadError, `${MODULES}/kmodctl_small.ko`), null);
    await vm.writeFile('/proc/sys/kernel/modules_disabled', '1');
    t.like(await vm.evaluate(loadError, `${MODULES}/kmodctl_small.ko`), { code: 'EPERM' });
    const unload = vm.evaluate(async () => {
      await (await import('kmodctl/syscalls')).deleteModule('kmodctl_small');
    });
    t.like(await t.throwsAsync(unload), { code: 'EPERM', syscall: 'delete_module' });
  },
);

inGuest(
  'lockdown=integrity: unsigned modules are refused, signed ones load',
  { testModules: ['kmodctl_small'], commandLine: ['lockdown=integrity'] },
  async (t, { vm }) => {
    t.regex(await vm.readFile('/proc/cmdline', 'utf8'), /lockdown=integrity/);
    t.like(await vm.evaluate(loadError, `${MODULES}/kmodctl_small.ko`), { code: 'EPERM' });
    t.is((await vm.run(['modprobe', 'dummy'])).exitCode, 0);
  },
);

inGuest(
  'sig_enforce: EKEYREJECTED, an errno that Node cannot name',
  { testModules: ['kmodctl_small'] },
  async (t, { vm }) => {
    await vm.writeFile('/sys/module/module/parameters/sig_enforce', 'Y');
    t.like(await vm.evaluate(loadError, `${MODULES}/kmodctl_small.ko`), {
      code: 'EKEYREJECTED',
      errno: -129,
    });
  },
);
