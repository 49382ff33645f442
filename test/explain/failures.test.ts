import test from 'ava';

import { explanationOf, insmod, insmodSync, modprobe, modprobeSync, rmmod } from '../../src/index.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

const root = new FixtureRoot();
root.writeTree({
  modules: { xor: { path: 'kernel/xor.ko' }, btrfs: { path: 'kernel/btrfs.ko', needs: ['xor'] } },
  builtin: ['unix'],
});
root.writeKernel([
  { name: 'base', refcount: 1, users: ['user'] },
  { name: 'user' },
  { name: 'busy', refcount: 2 },
  { name: 'vrf', isPermanent: true },
]);
test.after.always(() => {
  root.remove();
});

/** The cause and errno in the explanation of what an operation throws. */
async function causeOf(operation: () => unknown): Promise<string> {
  try {
    await operation();
  } catch (error) {
    const explanation = explanationOf(error);
    if (explanation === undefined) return 'no explanation';
    const [first] = explanation.findings;
    return `${explanation.when} ${explanation.cause} ${first?.errno ?? '-'} ${first?.module}`;
  }
  return 'no error';
}

const place = { root: root.path, kernelRoot: root.path, release: RELEASE };
const answering = (result: number, of = 'btrfs'): { syscalls: RecordingCalls } => ({
  syscalls: new RecordingCalls(root, (call) => (call.split(' ')[1] === of ? result : undefined)),
});

test('every error of modprobe and insmod has its explanation, in both forms', async (t) => {
  for (const load of [modprobe, modprobeSync]) {
    const refused = async (result: number): Promise<string> =>
      await causeOf(() => load('btrfs', { ...place, ...answering(result) }));
    t.is(await refused(-1), 'after permission-unknown EPERM btrfs');
    t.is(await refused(-19), 'after no-device ENODEV btrfs');
    t.is(await refused(-5), 'after init-failed EIO btrfs');
    t.is(await refused(-26), 'after file-being-written ETXTBSY btrfs');
    t.is(await refused(-74), 'after signature-malformed EBADMSG btrfs');
    // Without the log nothing more can be said.
    t.is(await refused(-22), 'after unknown EINVAL btrfs');
    t.is(await causeOf(() => load('btrsf', place)), 'after not-found - btrsf');
    t.is(
      await causeOf(() => load('btrfs', { ...place, ...answering(-19, 'xor') })),
      'after no-device ENODEV xor',
    );
  }
  for (const load of [insmod, insmodSync])
    t.is(
      await causeOf(() => load(`${root.path}/none.ko`, '', { kernelRoot: root.path })),
      'after file-missing - none',
    );
});

async function causeOfRemoval(name: string, result = 0): Promise<string> {
  return await causeOf(() => rmmod(name, { ...place, ...answering(result, name) }));
}

test('every error of rmmod has its explanation', async (t) => {
  t.is(await causeOfRemoval('base'), 'after used-by-modules - base');
  t.is(await causeOfRemoval('busy'), 'after in-use - busy');
  t.is(await causeOfRemoval('vrf', -16), 'after permanent - vrf');
  t.is(await causeOfRemoval('nothing'), 'after not-loaded - nothing');
  t.is(await causeOfRemoval('unix'), 'after built-in - unix');
  t.is(await causeOfRemoval('user', -1), 'after permission-unknown EPERM user');
});

test('a kernel that does not unload modules', async (t) => {
  const other = new FixtureRoot();
  t.teardown(() => {
    other.remove();
  });
  other.writeTree({ modules: { xor: { path: 'kernel/xor.ko' } } });
  other.writeKernel([{ name: 'xor', refcount: '-' }]);
  const options = { root: other.path, kernelRoot: other.path, release: RELEASE };
  t.is(await causeOf(() => rmmod('xor', options)), 'after no-unload-support - xor');
});

test('wrong arguments have none, nor has what is no error of these', async (t) => {
  t.is(await causeOf(() => modprobe(7 as never)), 'no explanation');
  t.is(explanationOf(new Error('other')), undefined);
  t.is(explanationOf('text'), undefined);
});
