import test from 'ava';

import { resolveKernel, startVm } from '../../vm/index.ts';
import { inGuest, loadedNames, MODULES } from './in-guest.ts';

inGuest('run: output, status, signal, input, environment, directory', {}, async (t, { vm }) => {
  t.like(await vm.run(['sh', '-c', 'echo out; echo err >&2; exit 3']), {
    stdout: 'out\n',
    stderr: 'err\n',
    exitCode: 3,
    signal: null,
  });
  t.like(await vm.run(['sh', '-c', 'kill -TERM $$']), { exitCode: null, signal: 'SIGTERM' });
  t.is((await vm.run(['cat'], { input: 'text ✓\n' })).stdout, 'text ✓\n');
  t.is(
    (await vm.run(['sh', '-c', 'echo $A; pwd'], { env: { A: 'b c' }, cwd: '/tmp' })).stdout,
    'b c\n/tmp\n',
  );
  const chunks: string[] = [];
  await vm.run(['sh', '-c', 'echo 1; sleep 0.2; echo 2'], {
    onOutput: (stream, text) => chunks.push(`${stream} ${text}`),
  });
  t.deepEqual(chunks, ['stdout 1\n', 'stdout 2\n']);
  t.like(await t.throwsAsync(vm.run(['no-such-program'])), { code: 'ENOENT' });
  await t.throwsAsync(vm.run([]), { instanceOf: TypeError, message: /"argv"/ });
  await t.throwsAsync(vm.run(['true'], { inputs: '' } as never), {
    instanceOf: TypeError,
    message: /did you mean "input"/,
  });
});

inGuest('evaluate: values both ways, errors as they were thrown', {}, async (t, { vm }) => {
  const value = {
    list: [1, 2n, undefined],
    when: new Date(0),
    bytes: new Uint8Array([1, 2]),
    map: new Map([['a', 1]]),
  };
  t.deepEqual(await vm.evaluate((given) => given, value), value);
  t.is(await vm.evaluate(() => process.env['KMODCTL_IN_GUEST'] ?? process.pid > 1), true);
  t.true((await vm.evaluate(async () => Object.keys(await import('kmodctl')))).includes('modprobe'));
  const error = await t.throwsAsync<Error & { guestStack?: string }>(
    vm.evaluate(() => {
      throw Object.assign(new RangeError('too far', { cause: new Error('inner') }), {
        code: 'E_FAR',
        depth: 3,
      });
    }),
  );
  t.like(error, { name: 'RangeError', message: 'too far', code: 'E_FAR', depth: 3 });
  t.like(error?.cause, { message: 'inner' });
  t.regex(error?.guestStack ?? '', /too far/);
  const holder = {
    method(): number {
      return 1;
    },
  };
  await t.throwsAsync(vm.evaluate(holder.method.bind(holder)), {
    instanceOf: TypeError,
    message: /arrow function/,
  });
});

inGuest('evaluate: a crash costs the function, not the guest', {}, async (t, { vm }) => {
  await t.throwsAsync(
    vm.evaluate(() => {
      process.kill(process.pid, 'SIGSEGV');
      return new Promise(() => {});
    }),
    { message: /SIGSEGV/ },
  );
  t.is(await vm.evaluate(() => 1 + 1), 2);
});

inGuest('files: large and binary ones, both ways', {}, async (t, { vm }) => {
  const content = Buffer.alloc(3_000_001, 'kmodctl\0\xff\n', 'latin1');
  await vm.writeFile('/root/deep/folder/file', content, 0o600);
  t.true((await vm.readFile('/root/deep/folder/file')).equals(content));
  t.is((await vm.run(['stat', '-c', '%a %s', '/root/deep/folder/file'])).stdout, '600 3000001\n');
  t.regex(await vm.readFile('/proc/version', 'utf8'), /^Linux version/);
  t.like(await t.throwsAsync(vm.readFile('/no/such/file')), { code: 'ENOENT', syscall: 'open' });
});

inGuest('the kernel log and the console', { testModules: ['kmodctl_params'] }, async (t, { vm }) => {
  await vm.run(['insmod', `${MODULES}/kmodctl_params.ko`, 'number=77']);
  const log = await vm.kernelLog();
  t.regex(log[0]?.message ?? '', /^Linux version/);
  t.true(log.some(({ message }) => message.startsWith('kmodctl_params: number=77')));
  await vm.writeFile('/dev/console', 'hello console\n');
  t.regex(vm.console(), /kmodctl: init[^]*hello console/);
});

inGuest(
  'each guest is pristine and on its own',
  { testModules: ['kmodctl_small'] },
  async (t, { vm, kernel }) => {
    await using other = await startVm({ kernel });
    await vm.run(['insmod', `${MODULES}/kmodctl_small.ko`]);
    await vm.writeFile('/root/mine', 'x');
    t.true((await loadedNames(vm)).includes('kmodctl_small'));
    t.false((await loadedNames(other)).includes('kmodctl_small'));
    t.like(await t.throwsAsync(other.readFile('/root/mine')), { code: 'ENOENT' });
  },
);

inGuest('clones: the clock is right and no random number comes twice', {}, async (t, { vm, kernel }) => {
  const start = Date.now();
  await using other = await startVm({ kernel });
  const draw = async (): Promise<{ time: number; numbers: string[] }> => {
    const { randomBytes } = await import('node:crypto');
    const { openSync, readSync } = await import('node:fs');
    const bytes = Buffer.alloc(16);
    readSync(openSync('/dev/urandom', 'r'), bytes);
    return {
      time: Date.now(),
      numbers: [bytes.toString('hex'), randomBytes(16).toString('hex'), String(Math.random())],
    };
  };
  const [mine, others] = [await vm.evaluate(draw), await other.evaluate(draw)];
  for (const [index, number] of mine.numbers.entries()) t.not(number, others.numbers[index]);
  // Set while it starts, to the second: behind by no more than its start took, and never ahead.
  const end = Date.now();
  t.true(
    others.time > start - 1000 && others.time < end + 1000,
    `${others.time - start} ms, ${others.time - end} ms`,
  );
});

inGuest('a command that takes too long is ended, with its children', {}, async (t, { vm }) => {
  const error = await t.throwsAsync(vm.run(['sh', '-c', 'sleep 1234 & sleep 1234'], { timeout: 700 }));
  t.like(error, { name: 'VmError', code: 'ERR_KMOD_VM_TIMEOUT' });
  t.regex(error?.message ?? '', /sleep 1234.* 0\.7 s/);
  t.is((await vm.run(['sh', '-c', 'pgrep -f "sleep 123[4]" | wc -l'])).stdout.trim(), '0');
});

inGuest('an AbortSignal ends a command, and the guest goes on', {}, async (t, { vm }) => {
  const error = await t.throwsAsync(vm.run(['sleep', '1234'], { signal: AbortSignal.timeout(300) }));
  t.like(error, { code: 'ERR_KMOD_VM_ABORTED' });
  t.like(error?.cause, { name: 'TimeoutError' });
  t.is((await vm.run(['true'])).exitCode, 0);
});

inGuest(
  'the serial line serves where virtio does not',
  { commandLine: ['kmodctl.channel=serial'] },
  async (t, { vm }) => {
    t.is(vm.facts.agentDevice, '/dev/ttyS1');
    t.is((await vm.run(['echo', 'slow but there'])).stdout, 'slow but there\n');
    t.deepEqual(await loadedNames(vm), []);
  },
);

inGuest(
  'a guest without loadable modules is reached all the same',
  { commandLine: ['nomodule'] },
  async (t, { vm, kernel }) => {
    t.is(vm.facts.agentDevice, kernel === '6.1' ? '/dev/ttyS1' : '/dev/vport0p1');
    t.is(await vm.readFile('/proc/sys/kernel/modules_disabled', 'utf8'), '1\n');
  },
);

inGuest('a boot of its own instead of a template', { template: false, on: ['6.12'] }, async (t, { vm }) => {
  t.like(vm.facts, { origin: 'boot', templateMs: 0 });
  t.regex((await vm.run(['uname', '-r'])).stdout, /^6\.12\./);
});

inGuest('two processors', { cpus: 2, on: ['6.12'] }, async (t, { vm }) => {
  t.is((await vm.run(['nproc'])).stdout, '2\n');
});

inGuest('modules of one choice only', { modules: ['dummy'], on: ['6.12'] }, async (t, { vm }) => {
  t.is((await vm.run(['modprobe', 'dummy'])).exitCode, 0);
  t.is((await vm.run(['sh', '-c', 'find /lib/modules/ -name "btrfs.ko*"'])).stdout, '');
});

test("one's own kernel: an image and a folder of modules", async (t) => {
  const { vmlinuz, moduleDirectory, release } = await resolveKernel('6.12');
  await using vm = await startVm({ kernel: `${vmlinuz}:${moduleDirectory}`, modules: ['dummy'] });
  t.like(vm.facts.kernel, { origin: 'local', release });
  t.is((await vm.run(['uname', '-r'])).stdout, `${release}\n`);
  t.is((await vm.run(['modprobe', 'dummy'])).exitCode, 0);
});

test('facts: TCG is chosen here only with a reason that says so', async (t) => {
  await using vm = await startVm({ kernel: '6.12' });
  t.true(vm.facts.acceleratorReason.length > 10);
  t.true(vm.facts.readyMs > 0);
  t.is(vm.facts.origin, 'template');
});

test('100 clones in a row: none is lost, the template stays as it is', async (t) => {
  const { createHash } = await import('node:crypto');
  const { createReadStream } = await import('node:fs');
  const { readdir } = await import('node:fs/promises');
  await using first = await startVm({ kernel: '6.12' });
  // The template's memory is the one large file that QEMU has mapped.
  const maps = await (await import('node:fs/promises')).readFile(`/proc/${first.pid}/maps`, 'utf8');
  const path = /(\S+\/memory)$/m.exec(maps)?.[1] ?? '';
  const hash = async (): Promise<string> => {
    const sum = createHash('sha256');
    for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
    return sum.digest('hex');
  };
  const before = await hash();
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    await using vm = await startVm({ kernel: '6.12' });
    t.is((await vm.run(['echo', String(i)])).stdout, `${i}\n`);
    times.push(vm.facts.readyMs);
  }
  t.is(await hash(), before);
  times.sort((a, b) => a - b);
  t.log(`first answer: median ${times[50]?.toFixed(0)} ms, slowest ${times[99]?.toFixed(0)} ms`);
  t.true((await readdir('/proc/self/fd')).length < 100, 'descriptors leak');
});
