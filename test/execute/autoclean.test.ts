import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { readAutocleanMarks } from '../../src/execute/autoclean-marks.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel, type ModelledModule } from '../fixtures/kernel-model.ts';

class Machine {
  readonly root = new FixtureRoot();
  readonly kernel: KernelModel;

  constructor(t: ExecutionContext, loaded: readonly ModelledModule[] = []) {
    t.teardown(() => this.root.remove());
    this.root.writeTree({
      modules: {
        base: { path: 'kernel/base.ko' },
        top: { path: 'kernel/top.ko', needs: ['base'] },
        alone: { path: 'kernel/alone.ko' },
      },
    });
    this.kernel = new KernelModel(this.root, loaded);
  }

  async run(...argv: readonly string[]): Promise<CliResult> {
    const [tool = '', ...words] = argv;
    const place = tool === 'modprobe' ? ['-d', this.root.path, '-S', RELEASE] : [];
    return await runCli(this.root, [tool, ...place, ...words], this.kernel.verdict);
  }

  get marks(): readonly string[] {
    const marks = readAutocleanMarks({ root: this.root.path });
    return [...marks.values()].map(({ module, isIdle }) => `${module} ${isIdle ? 'idle' : 'new'}`).sort();
  }

  get file(): string {
    return join(this.root.path, 'run/kmodctl/autoclean');
  }
}

test('-k marks what this call loads, with all that it needs, and nothing that was there', async (t) => {
  const machine = new Machine(t);
  await machine.run('modprobe', 'alone');
  t.is((await machine.run('modprobe', '-k', 'top')).exitCode, 0);
  t.is((await machine.run('modprobe', '--autoclean', 'alone')).exitCode, 0);
  t.deepEqual(machine.marks, ['base new', 'top new']);
  t.is(statSync(machine.file).mode & 0o7777, 0o644);
});

test('options -k of a modules.conf keeps a module from being marked', async (t) => {
  const machine = new Machine(t);
  const file = machine.root.write('etc/modules.conf', 'alias eth0 top\noptions -k eth0\n');
  const { exitCode, stderr } = await machine.run('modprobe', '-k', `--modules-conf=${file}`, 'eth0');
  t.is(exitCode, 0, stderr);
  t.deepEqual(machine.kernel.names, ['top', 'base']);
  t.deepEqual(machine.marks, ['base new']);
});

test('rmmod -a takes out in two passes what is not used, and never a module without a mark', async (t) => {
  const machine = new Machine(t);
  await machine.run('modprobe', 'alone');
  await machine.run('modprobe', '-k', 'top');
  machine.kernel.record.length = 0;
  t.like(await machine.run('rmmod', '-a', '-v'), { exitCode: 0, stdout: '', stderr: '' });
  t.deepEqual(machine.kernel.record, []);
  t.deepEqual(machine.marks, ['base idle', 'top idle']);
  t.like(await machine.run('rmmod', '--all', '-v'), {
    exitCode: 0,
    stdout: 'rmmod top\nrmmod base\n',
    stderr: '',
  });
  t.deepEqual(machine.kernel.names, ['alone']);
  t.deepEqual(machine.marks, []);
  t.like(await machine.run('rmmod', '-a'), { exitCode: 0, stdout: '', stderr: '' });
  t.is(readFileSync(machine.file, 'utf8'), '');
});

test('a module that is in use between two passes begins anew; its dependency waits for it', async (t) => {
  const machine = new Machine(t);
  await machine.run('modprobe', '-k', 'top');
  await machine.run('rmmod', '-a');
  machine.root.writeKernel([
    { name: 'top', refcount: 1 },
    { name: 'base', refcount: 1, users: ['top'] },
  ]);
  t.like(await machine.run('rmmod', '-a', '-v'), { exitCode: 0, stdout: '' });
  t.deepEqual(machine.marks, ['base new', 'top new']);
});

test('a module that was unloaded and loaded by hand has lost its mark', async (t) => {
  const machine = new Machine(t);
  await machine.run('modprobe', '-k', 'alone');
  await machine.run('rmmod', 'alone');
  t.deepEqual(machine.marks, []);
  // Something else may take the number of a folder in a file system; not so in /sys.
  machine.root.write('sys/module/filler/initstate', 'live\n');
  await machine.run('modprobe', 'alone');
  for (let pass = 0; pass < 3; pass++) t.is((await machine.run('rmmod', '-a', '-v')).stdout, '');
  t.deepEqual(machine.kernel.names, ['alone']);
});

test('what the kernel does not let go is told and tried again', async (t) => {
  const machine = new Machine(t);
  await machine.run('modprobe', '-k', 'alone');
  await machine.run('rmmod', '-a');
  const refused = await runCli(machine.root, ['rmmod', '-a', '-v'], () => -1);
  t.like(refused, { exitCode: 1, stdout: '' });
  t.is(refused.stderr, "rmmod: ERROR: could not remove 'alone': Operation not permitted\n");
  t.deepEqual(machine.marks, ['alone idle']);
  t.is((await machine.run('rmmod', '-a', '-v')).stdout, 'rmmod alone\n');
});

test('marks that somebody else than root wrote, and lines of another form, do not count', async (t) => {
  t.is(process.geteuid?.(), 0, 'this test gives a file away, which only root can');
  const machine = new Machine(t, [{ name: 'alone' }]);
  await machine.run('modprobe', '-k', 'top');
  const own = readFileSync(machine.file, 'utf8');
  const { ino } = statSync(join(machine.root.path, 'sys/module/alone'));
  writeFileSync(machine.file, `${own}alone ${ino} idle more\nalone x idle\n../x 1 idle\n\n`);
  t.deepEqual(machine.marks, ['base new', 'top new']);
  writeFileSync(machine.file, `alone ${ino} idle\n`);
  t.deepEqual(machine.marks, ['alone idle']);
  chownSync(machine.file, 1000, 0);
  t.deepEqual(machine.marks, []);
  chmodSync(machine.file, 0o644);
  t.is((await machine.run('rmmod', '-a', '-v')).stdout, '');
});

test('-a with names is a mistake', async (t) => {
  const machine = new Machine(t, [{ name: 'alone' }]);
  t.like(await machine.run('rmmod', '-a', 'alone'), {
    exitCode: 1,
    stderr: 'rmmod: ERROR: -a takes no module names: it finds them by their marks.\n',
  });
  t.deepEqual(machine.kernel.names, ['alone']);
});
