import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';

const script = resolve('vm/set-up.mjs');

function setUp(
  mode: string,
  environment: Readonly<Record<string, string>>,
): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, mode], {
    env: environment,
    encoding: 'utf8',
  });
  return { status, text: stdout + stderr };
}

test('an unknown mode: usage and exit code 2', (t) => {
  t.deepEqual(setUp('tset', {}), {
    status: 2,
    text: 'Usage: node vm/set-up.mjs start|test|bench|fuzz [arguments]\n',
  });
});

test('no apt: what it is needed for, and the way without it', (t) => {
  const { status, text } = setUp('test', { PATH: '/nonexistent' });
  t.is(status, 1);
  t.regex(text, /^apt-get and dpkg-deb were not found\. .*\n.*KMODCTL_VM_KERNEL=vmlinuz:modules-dir\.\n$/);
});

test('no apt, but a kernel of one’s own: the programs that are missing, with their Debian packages', (t) => {
  const { status, text } = setUp('start', { PATH: '/nonexistent', KMODCTL_VM_KERNEL: '/vmlinuz:/modules' });
  t.is(status, 1);
  t.regex(
    text,
    /^Missing: qemu-system-x86_64, xz, zstd, strip.*\n.*Debian's packages: qemu-system-x86, xz-utils, zstd, binutils/,
  );
});

test('versions of Node: the oldest that will do, and one before', (t) => {
  const module = pathToFileURL(resolve('vm/set-up/node-version.mjs')).href;
  const check = `import(${JSON.stringify(module)}).then(({ requireNode }) => requireNode(process.argv[1])).catch((error) => {
    console.log(error.message);
    process.exitCode = 1;
  })`;
  const answers = ['20.19.0', '20.18.3', '18.20.8', '22.0.0', '26.1.0'].map((version) =>
    spawnSync(process.execPath, ['-e', check, version], { encoding: 'utf8' }),
  );
  t.deepEqual(
    answers.map(({ status }) => status),
    [0, 1, 1, 0, 0],
  );
  t.regex(answers[1]?.stdout ?? '', /^kmodctl needs Node 20\.19 or newer; this is 20\.18\.3 \(/);
});
