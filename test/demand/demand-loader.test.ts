import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import { type AnsweredRequest, type DemandAnswer, loadOnDemand } from '../../src/index.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { one: { path: 'one.ko' }, two: { path: 'two.ko' } },
    aliases: [['net_pf_1', 'one']],
  });
  root.writeKernel([]);
  root.write('dev/kmsg', '');
  return root;
}

/** As the kernel asks. */
async function ask(root: FixtureRoot, name: string): Promise<CliResult> {
  return await runCli(root, ['modprobe', '--safe', '-d', root.path, '-S', RELEASE, '-q', '--', name]);
}

test('a program decides: as always, other modules in its place, or nothing', async (t) => {
  const root = setUp(t);
  const answers: Record<string, DemandAnswer> = {
    'net-pf-1': 'default',
    'net-pf-2': { load: 'two' },
    'net-pf-3': { load: ['one', 'two'] },
    'net-pf-4': { refuse: 'not at\nnight' },
    'net-pf-5': { load: 'nothing-of-that-name' },
  };
  const asked: string[] = [];
  const answered: AnsweredRequest[] = [];
  const loader = await loadOnDemand(({ name }) => answers[name] ?? 'default', { kernelRoot: root.path });
  loader.on('request', ({ name }) => asked.push(name));
  const collected = (async () => {
    for await (const each of loader) answered.push(each);
  })();
  t.is(statSync(join(root.path, 'run/kmodctl/loader')).mode & 0o7777, 0o700);
  const calls: Record<string, readonly string[]> = {};
  for (const name of Object.keys(answers)) {
    root.removeModuleFolder('one');
    root.removeModuleFolder('two');
    root.writeKernel([]);
    calls[name] = (await ask(root, name)).calls;
  }
  t.deepEqual(calls, {
    'net-pf-1': ['finit one 0'],
    'net-pf-2': ['finit two 0'],
    'net-pf-3': ['finit one 0', 'finit two 0'],
    'net-pf-4': [],
    'net-pf-5': [],
  });
  // What is no request reaches nobody.
  t.is((await ask(root, '$(reboot)')).exitCode, 1);
  while (answered.length < 5) await sleep(5);
  await loader.close();
  await collected;
  t.deepEqual(asked, Object.keys(answers));
  t.deepEqual(
    answered.map(({ name, answer, exitCode, error }) => [name, answer, exitCode, error]),
    Object.entries(answers).map(([name, answer]) => [name, answer, /[45]$/.test(name) ? 1 : 0, null]),
  );
  t.true(answered.every(({ durationMs }) => durationMs > 0));
});

test('the reason of a refusal is told in the kernel log', async (t) => {
  const root = setUp(t);
  await using loader = await loadOnDemand(() => ({ refuse: 'not at\nnight' }), { kernelRoot: root.path });
  t.is((await ask(root, 'net-pf-1')).exitCode, 1);
  t.is(
    readFileSync(join(root.path, 'dev/kmsg'), 'utf8'),
    '<28>modprobe: request for "net-pf-1": refused by the program that decides: not at?night\n',
  );
  t.truthy(loader);
});

test('a program that fails, or answers what is none, changes nothing', async (t) => {
  const root = setUp(t);
  const wrong: readonly unknown[] = [
    new Error('no'),
    undefined,
    'load',
    {},
    { load: [] },
    { load: [1] },
    { load: '-r' },
    { load: '/tmp/x.ko' },
  ];
  let turn = 0;
  const answered: AnsweredRequest[] = [];
  await using loader = await loadOnDemand(
    () => {
      const answer = wrong[turn++];
      if (answer instanceof Error) throw answer;
      return answer as DemandAnswer;
    },
    { kernelRoot: root.path },
  );
  loader.on('answered', (each) => answered.push(each));
  for (const [index, answer] of wrong.entries()) {
    root.removeModuleFolder('one');
    root.writeKernel([]);
    t.deepEqual((await ask(root, 'net-pf-1')).calls, ['finit one 0'], String(answer));
    while (answered.length <= index) await sleep(5);
    t.truthy(answered[index]?.error);
    t.is(answered[index]?.answer, 'default');
  }
});

test('there is one at a time; a socket that nobody listens on any more is no obstacle', async (t) => {
  const root = setUp(t);
  const options = { kernelRoot: root.path };
  const first = await loadOnDemand(() => 'default', options);
  await t.throwsAsync(
    loadOnDemand(() => 'default', options),
    { code: 'ERR_KMOD_HELPER' },
  );
  await first.close();
  root.write('run/kmodctl/loader/requests', '');
  t.deepEqual((await ask(root, 'net-pf-1')).calls, ['finit one 0'], 'nobody answers');
  const second = await loadOnDemand(() => 'default', options);
  await second.close();
});

test('what is no request on the socket is passed over, and closing does not wait for it', async (t) => {
  const root = setUp(t);
  const loader = await loadOnDemand(() => 'default', { kernelRoot: root.path });
  let count = 0;
  loader.on('request', () => count++);
  const socket = connect(join(root.path, 'run/kmodctl/loader/requests'));
  socket.on('error', () => undefined);
  socket.write('x\nnull\n{"name":1}\n{"exitCode":"0"}\n');
  await sleep(50);
  await loader.close();
  t.is(count, 0);
});

test('wrong arguments', async (t) => {
  await t.throwsAsync(loadOnDemand('default' as never), { instanceOf: TypeError });
  await t.throwsAsync(
    loadOnDemand(() => 'default', { kernelRot: '/' } as never),
    { message: /did you mean "kernelRoot"/ },
  );
});

test('a program that only begins to answer is not waited for without end', async (t) => {
  const root = setUp(t);
  mkdirSync(join(root.path, 'run/kmodctl/loader'), { recursive: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write('{');
  });
  await new Promise<void>((done) => {
    server.listen(join(root.path, 'run/kmodctl/loader/requests'), done);
  });
  t.teardown(() => server.close());
  t.deepEqual((await ask(root, 'net-pf-1')).calls, ['finit one 0']);
});
