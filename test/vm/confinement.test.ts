import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inGuest } from './in-guest.ts';

/** A confined process, and what keeps it from loading and unloading. */
interface Confinement {
  readonly title: string;
  /** Words for `confinement.c`. */
  readonly words: readonly string[];
  readonly cause: string | null;
  readonly errno: string | null;
}

const confinements: readonly Confinement[] = [
  {
    title: 'root without CAP_SYS_MODULE, as Docker has it',
    words: ['capability', 'eperm'],
    cause: 'no-privilege',
    errno: 'EPERM',
  },
  {
    title: 'root of a user namespace of root',
    words: ['namespace'],
    cause: 'user-namespace',
    errno: 'EPERM',
  },
  {
    title: 'root of a user namespace of a user',
    words: ['user', 'namespace'],
    cause: 'user-namespace',
    errno: 'EPERM',
  },
  {
    title: 'root of a user namespace with every id',
    words: ['whole'],
    cause: 'user-namespace',
    errno: 'EPERM',
  },
  {
    title: 'a seccomp filter that answers EPERM',
    words: ['eperm'],
    cause: 'seccomp-filter',
    errno: 'EPERM',
  },
  {
    title: 'a seccomp filter that answers ENOSYS',
    words: ['enosys'],
    cause: 'seccomp-filter',
    errno: 'ENOSYS',
  },
  { title: 'root as it is', words: [], cause: null, errno: null },
];

/** Runs in the guest, in a confined process: what is said before a load, after it and after an unload, each with its errno. */
const script = `
import { diagnoseSync, explanationOf, modprobeSync, rmmodSync } from 'kmodctl';
const verdict = ({ cause, findings }) => ({ cause, errno: findings[0]?.errno ?? null });
const attempt = (call) => {
  try {
    call();
    return { cause: null, errno: null };
  } catch (error) {
    return verdict(explanationOf(error));
  }
};
const { checks, ...before } = diagnoseSync('dummy');
console.log(JSON.stringify({
  before: verdict(before),
  permission: checks.find(({ name }) => name === 'permission')?.result ?? null,
  load: attempt(() => modprobeSync('dummy')),
  unload: attempt(() => rmmodSync('bonding')),
}));
`;

function compiled(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-confinement-'));
  try {
    const program = join(folder, 'confinement');
    const argv = ['-Wall', '-Werror', '-static', '-o', program, 'test/vm/confinement.c'];
    const { status, stderr } = spawnSync('cc', argv, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// The calls and their conditions are the same in all kernels, and each start of Node in a guest takes seconds.
inGuest(
  'confined as in containers: the doctor knows why nothing can be loaded',
  { on: ['6.12'], timeouts: { command: 400_000 } },
  async (t, { vm }) => {
    await vm.writeFile('/confinement', compiled());
    await vm.writeFile('/usr/lib/node_modules/confined.mjs', Buffer.from(script));
    const runs = confinements.map(
      ({ words }) => `/confinement ${words.join(' ')} -- node /usr/lib/node_modules/confined.mjs`,
    );
    const all = ['chmod 755 /confinement', 'modprobe bonding', ...runs].join('; ');
    const { stdout, stderr } = await vm.run(['sh', '-c', all]);
    t.is(stderr, '');
    const told = stdout.trimEnd().split('\n');
    for (const [index, { title, cause, errno }] of confinements.entries()) {
      const verdict = { cause, errno };
      const permission = cause === null ? 'ok' : null;
      t.deepEqual(
        JSON.parse(told[index] ?? 'null'),
        { before: verdict, permission, load: verdict, unload: verdict },
        title,
      );
    }
  },
);
