import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import test from 'ava';

import { startVm, type VmError } from '../../vm/index.ts';
import { cacheDirectory } from '../../vm/packages/cache-directory.ts';
import { inGuest, MODULES } from './in-guest.ts';

const DANGER = `${MODULES}/kmodctl_panic.ko`;

/** QEMU is gone: not even a zombie is left. */
async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && existsSync(`/proc/${pid}`); i++) await sleep(50);
  return !existsSync(`/proc/${pid}`);
}

for (const [action, code, line] of [
  ['panic', 'ERR_KMOD_VM_PANIC', /Kernel panic - not syncing: kmodctl_panic: asked for/],
  ['oops', 'ERR_KMOD_VM_OOPS', /BUG: kernel NULL pointer dereference/],
] as const)
  inGuest(
    `${action}: a typed error with the console's last lines, at once`,
    { testModules: ['kmodctl_panic'] },
    async (t, { vm }) => {
      const started = performance.now();
      const error = await t.throwsAsync<VmError>(vm.run(['insmod', DANGER, `action=${action}`]));
      t.like(error, { name: 'VmError', code });
      t.regex(error?.consoleTail.join('\n') ?? '', line);
      t.true(performance.now() - started < 20_000, 'not after the timeout');
      t.true(await gone(vm.pid));
      // What comes later fails for the same reason.
      t.is(await t.throwsAsync<VmError>(vm.run(['true'])), error);
    },
  );

inGuest(
  'a guest that hangs: ERR_KMOD_VM_HUNG',
  { testModules: ['kmodctl_panic'], on: ['6.12'] },
  async (t, { vm }) => {
    const error = await t.throwsAsync(vm.run(['insmod', DANGER, 'action=hang'], { timeout: 6000 }));
    t.like(error, { code: 'ERR_KMOD_VM_HUNG' });
    t.true(await gone(vm.pid));
  },
);

inGuest(
  'a guest that hangs is noticed before a long timeout ends',
  { testModules: ['kmodctl_panic'], on: ['6.12'] },
  async (t, { vm }) => {
    const error = await t.throwsAsync(vm.run(['insmod', DANGER, 'action=hang'], { timeout: 300_000 }));
    t.like(error, { code: 'ERR_KMOD_VM_HUNG' });
  },
);

inGuest(
  'QEMU stopped for a while: the guest reports a stall and goes on',
  { on: ['6.12'], timeouts: { lifetime: 300_000 } },
  async (t, { vm }) => {
    await vm.writeFile('/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout', '3');
    const busy = vm.run(['sh', '-c', 'while [ ! -e /tmp/stop ]; do cat /proc/stat; sync; done | tail -c 1']);
    busy.catch(() => {});
    const stalls = (): number => vm.console().match(/rcu: INFO: rcu_\w+ (?:self-)?detected/g)?.length ?? 0;
    for (let i = 0; i < 10 && stalls() === 0; i++) {
      await sleep(300);
      process.kill(vm.pid, 'SIGSTOP');
      await sleep(5000);
      process.kill(vm.pid, 'SIGCONT');
      await sleep(1500);
    }
    t.true(stalls() > 0, 'the kernel has reported a stall');
    await vm.writeFile('/tmp/stop', '');
    t.like(await busy, { exitCode: 0 });
  },
);

inGuest(
  'a processor that hangs while another answers: ERR_KMOD_VM_HUNG, with the kernel’s report',
  { testModules: ['kmodctl_panic'], on: ['6.12'], cpus: 2 },
  async (t, { vm }) => {
    await vm.writeFile('/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout', '3');
    const error = await t.throwsAsync<VmError>(
      vm.run(['insmod', DANGER, 'action=hang'], { timeout: 300_000 }),
    );
    t.is(error?.code, 'ERR_KMOD_VM_HUNG');
    t.log(error?.message.split('\n')[0]);
    t.true(await gone(vm.pid));
  },
);

inGuest('QEMU killed from outside: ERR_KMOD_VM_LOST', { on: ['6.12'] }, async (t, { vm }) => {
  const pending = vm.run(['sleep', '1000']);
  await sleep(200);
  process.kill(vm.pid, 'SIGKILL');
  const error = await t.throwsAsync(pending, { message: /^QEMU was killed by SIGKILL/ });
  t.like(error, { code: 'ERR_KMOD_VM_LOST' });
});

inGuest('a guest that switches itself off: ERR_KMOD_VM_LOST', { on: ['6.12'] }, async (t, { vm }) => {
  const error = await t.throwsAsync(vm.run(['poweroff', '-f']), { message: /switched itself off/ });
  t.like(error, { code: 'ERR_KMOD_VM_LOST' });
});

inGuest('a guest whose agent is killed: ERR_KMOD_VM_LOST', { on: ['6.12'] }, async (t, { vm }) => {
  const error = await t.throwsAsync<VmError>(vm.run(['sh', '-c', 'kill -9 $PPID; sleep 100']));
  t.like(error, { code: 'ERR_KMOD_VM_LOST' });
  t.regex(error?.consoleTail.join('\n') ?? '', /the agent ended with status 137/);
});

test('the lifetime of a VM ends it', async (t) => {
  const vm = await startVm({ kernel: '6.12', timeouts: { lifetime: 1500 } });
  t.like(await t.throwsAsync(vm.run(['sleep', '1000'])), { code: 'ERR_KMOD_VM_LIFETIME' });
  t.true(await gone(vm.pid));
});

test('an AbortSignal ends a VM, and keeps one from starting', async (t) => {
  const controller = new AbortController();
  const vm = await startVm({ kernel: '6.12', signal: controller.signal });
  const pending = vm.run(['sleep', '1000']);
  controller.abort(new Error('enough'));
  const error = await t.throwsAsync(pending);
  t.like(error, { code: 'ERR_KMOD_VM_ABORTED' });
  t.like(error?.cause, { message: 'enough' });
  t.true(await gone(vm.pid));
  t.like(await t.throwsAsync(startVm({ kernel: '6.12', signal: controller.signal })), {
    code: 'ERR_KMOD_VM_ABORTED',
  });
});

test('stop: twice, and what comes after it', async (t) => {
  const vm = await startVm({ kernel: '6.12' });
  await Promise.all([vm.stop(), vm.stop()]);
  t.like(await t.throwsAsync(vm.run(['true'])), { code: 'ERR_KMOD_VM_STOPPED' });
  t.true(await gone(vm.pid));
});

test('a kernel that finds no first process panics: a typed error at once', async (t) => {
  const started = performance.now();
  const error = await t.throwsAsync<VmError>(
    startVm({ kernel: '6.12', template: false, commandLine: ['rdinit=/nonexistent', 'root=/dev/none'] }),
  );
  t.is(error?.code, 'ERR_KMOD_VM_PANIC');
  t.true(performance.now() - started < 60_000);
});

test('a guest that does not come up in time: ERR_KMOD_VM_BOOT', async (t) => {
  const start = startVm({ kernel: '6.12', template: false, timeouts: { boot: 300 } });
  const error = await t.throwsAsync(start, { message: /did not answer within 0\.3 s/ });
  t.like(error, { code: 'ERR_KMOD_VM_BOOT' });
});

test('wrong options are named', async (t) => {
  await t.throwsAsync(startVm({ kernl: '6.12' } as never), {
    instanceOf: TypeError,
    message: /did you mean "kernel"/,
  });
  await t.throwsAsync(startVm({ memory: -1 }), { instanceOf: RangeError, message: /options\.memory/ });
  t.like(await t.throwsAsync(startVm({ kernel: '1.0' })), { code: 'ERR_KMOD_VM_KERNEL' });
});

/** Runs a program of its own against the built package, perhaps by way of another one. Answers its output. */
async function inProcess(
  source: string,
  env: Readonly<Record<string, string>>,
  by: readonly string[] = [],
): Promise<string> {
  const vmModule = new URL('../../vm/index.js', import.meta.url).href;
  const program = `import { startVm } from ${JSON.stringify(vmModule)};
    try { ${source} } catch (error) { console.log(error.code, error.message); }`;
  const nodeArguments = ['--input-type=module', '-e', program];
  const [command, ...args] = [...by, process.execPath, ...nodeArguments] as [string, ...string[]];
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output;
}

test('no QEMU: the message has the command that installs it', async (t) => {
  const output = await inProcess('await startVm()', { KMODCTL_VM_QEMU: '/nonexistent/qemu' });
  t.regex(output, /^ERR_KMOD_VM_NO_QEMU .*\/nonexistent\/qemu/);
  const withoutPath = await inProcess('process.env.PATH = "/nonexistent"; await startVm()', {
    KMODCTL_VM_QEMU: '',
  });
  t.regex(withoutPath, /^ERR_KMOD_VM_NO_QEMU .*apt-get install/);
});

test('a program that is not QEMU, and a kernel that is none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-test-'));
  try {
    await mkdir(join(folder, '6.6.6'));
    await writeFile(join(folder, '6.6.6/modules.dep'), '');
    await writeFile(join(folder, 'vmlinuz'), 'not a kernel');
    const output = await inProcess('await startVm()', {
      KMODCTL_VM_KERNEL: `${folder}/vmlinuz:${folder}/6.6.6`,
    });
    t.regex(output, /^ERR_KMOD_VM_KERNEL .*vmlinuz/);
    const missing = await inProcess('await startVm()', {
      KMODCTL_VM_KERNEL: `${folder}/none:${folder}/6.6.6`,
    });
    t.regex(missing, /^ERR_KMOD_VM_KERNEL .*none/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the accelerator can be forced, and a wrong name is refused', async (t) => {
  const forced = await inProcess(
    'const vm = await startVm({ kernel: "6.12" }); console.log(vm.facts.accelerator, vm.facts.acceleratorReason); await vm.stop()',
    { KMODCTL_VM_ACCEL: 'tcg' },
  );
  t.is(forced, 'tcg KMODCTL_VM_ACCEL=tcg\n');
  t.regex(
    await inProcess('await startVm()', { KMODCTL_VM_ACCEL: 'fast' }),
    /must be "kvm", "tcg" or "probe"/,
  );
});

/** Fills a folder with links to all that the cache has but templates. */
async function linkCache(folder: string): Promise<void> {
  for (const part of ['kernels', 'roots', 'tools', 'apt', 'initramfs'])
    await symlink(join(cacheDirectory(), part), join(folder, part));
}

test('no room: said before anything is begun, and nothing is left', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-test-'));
  try {
    await linkCache(folder);
    // Over the folder's own templates folder, a file system of 30 MB that this process alone sees.
    await mkdir(join(folder, 'templates'));
    const script = `mount -t tmpfs -o size=30m none "$0/templates" && "$@"; ls "$0/templates"`;
    const by = ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, folder];
    const output = await inProcess('await startVm({ kernel: "6.12" })', { KMODCTL_CACHE: folder }, by);
    t.regex(output, /^ERR_KMOD_VM_NO_ROOM .*templates.*KMODCTL_CACHE[^\n]*\n$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a KVM that does not carry a kernel is found out, remembered, and replaced by TCG', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-test-'));
  const program = `
    const vm = await startVm({ kernel: "6.12", log: console.log });
    console.log(vm.facts.accelerator, vm.facts.acceleratorReason); await vm.stop();`;
  try {
    // A cache of its own for verdict and templates; the kernels are the ones that are there.
    await linkCache(folder);
    const environment = { KMODCTL_CACHE: folder, KMODCTL_VM_ACCEL: 'probe' };
    const first = await inProcess(program, environment);
    const usable = /^kvm KMODCTL_VM_ACCEL=probe$/m.test(first);
    if (usable) t.notRegex(first, /did not come up/);
    else t.regex(first, /^tcg the kernel did not come up under KVM \(.*\), so TCG is used$/m);
    const second = await inProcess(program, environment);
    t.is(/booting a template/.test(second), false, second);
    t.is(second.trim().split('\n').at(-1), first.trim().split('\n').at(-1));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('kill -9 of the parent leaves no QEMU behind', async (t) => {
  const vmModule = new URL('../../vm/index.js', import.meta.url).href;
  const program = `import { startVm } from ${JSON.stringify(vmModule)};
    const vm = await startVm({ kernel: '6.12' }); console.log(vm.pid); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await new Promise<[string]>((resolve) => {
    createInterface({ input: child.stdout }).once('line', (text) => {
      resolve([text]);
    });
  });
  const pid = Number(line);
  t.true(existsSync(`/proc/${pid}`));
  child.kill('SIGKILL');
  t.true(await gone(pid));
});
