import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [ENODEV, ENOEXEC] = [-19, -8];

const independent = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Calls of which several may be under way, each for a while. */
class SlowCalls extends RecordingCalls {
  most = 0;
  #underWay = 0;

  override async finitModule(fd: number, parameters?: string, flags?: number): Promise<void> {
    this.most = Math.max(this.most, ++this.#underWay);
    const name = this.record.length;
    await new Promise((done) => setTimeout(done, 3 + ((name * 7) % 5)));
    this.#underWay--;
    this.finitModuleSync(fd, parameters, flags);
  }
}

/** The modules `a` to `f`, of which `shared` is needed by two, and `chain_2` by `chain_1` by `chain_0`. */
function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const plain = Object.fromEntries(independent.map((name) => [name, { path: `kernel/${name}.ko` }]));
  root.writeTree({
    modules: {
      ...plain,
      shared: { path: 'kernel/shared.ko' },
      left: { path: 'kernel/left.ko', needs: ['shared'] },
      right: { path: 'kernel/right.ko', needs: ['shared'] },
      chain_2: { path: 'kernel/chain_2.ko' },
      chain_1: { path: 'kernel/chain_1.ko', needs: ['chain_2'] },
      chain_0: { path: 'kernel/chain_0.ko', needs: ['chain_1', 'chain_2'] },
      commanded: { path: 'kernel/commanded.ko' },
    },
    builtin: ['unix'],
    aliases: [
      ['pci:v*', 'a'],
      ['pci:v0*', 'left'],
    ],
  });
  root.write('etc/modprobe.d/a.conf', 'install commanded exit 3\nblacklist b\noptions c x=1\n');
  return root;
}

async function load(
  root: FixtureRoot,
  line: string,
  verdict?: Verdict,
): Promise<{ readonly most: number; readonly end: unknown }> {
  const modules = join(root.path, 'sys/module');
  for (const name of readdirSync(modules)) root.removeModuleFolder(name);
  const syscalls = new SlowCalls(root, verdict);
  const argv = ['modprobe', '-d', root.path, '-S', RELEASE, ...line.split(' ')];
  const { exitCode, stdout, stderr } = await runCli(root, argv, undefined, { syscalls });
  return {
    most: syscalls.most,
    end: { exitCode, stdout, stderr, calls: syscalls.record.toSorted(), loaded: readdirSync(modules) },
  };
}

test('-a --jobs: modules that have nothing to do with each other are loaded side by side', async (t) => {
  const root = setUp(t);
  root.writeKernel([]);
  const alone = await load(root, '-a -v -j 1 a b c d');
  const together = await load(root, '-a -v -j 3 a b c d');
  t.deepEqual(together.end, alone.end);
  t.is(together.most, 3);
  t.is((await load(root, '-a -j 8 a b')).most, 2);
  t.is((await load(root, '-a -j 8 left right')).most, 1, 'both need the same module');
  t.is((await load(root, '-a -j 8 a commanded b')).most, 1, 'a command may do anything');
  t.is((await load(root, '-a -j 8 chain_2 chain_0')).most, 1);
});

test('-a --jobs: end, output and exit code are those of one by one', async (t) => {
  const root = setUp(t);
  root.writeKernel([]);
  const words = [
    ...independent,
    'left',
    'right',
    'chain_0',
    'chain_1',
    'chain_2',
    'shared',
    'unix',
    'nosuch',
    'pci:v00',
    'commanded',
    './none.ko',
  ];
  const random = pseudoRandom(11);
  const refused = ['a', 'chain_1', 'right', 'shared', 'c'];
  for (let round = 0; round < 60; round++) {
    const operands = Array.from({ length: 2 + random(6) }, () => words[random(words.length)] ?? '');
    const bad = refused.filter(() => random(4) === 0);
    const verdict: Verdict = (call) => {
      const [word, name = ''] = call.split(' ');
      if (word === 'delete' || !bad.includes(name)) return undefined;
      return name === 'shared' ? ENOEXEC : ENODEV;
    };
    const options = ['', '-v ', '-b ', '-v -v ', '-q ', '--compat=kmod '][random(6)] ?? '';
    const line = `-a ${options}-j`;
    const alone = await load(root, `${line} 1 ${operands.join(' ')}`, verdict);
    const together = await load(root, `${line} ${2 + random(5)} ${operands.join(' ')}`, verdict);
    t.deepEqual(together.end, alone.end, `${line} ${operands.join(' ')}; refused: ${bad.join(' ')}`);
  }
});
