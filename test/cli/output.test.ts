/** Output that nobody takes, in the real program: no work is left undone because of it, and it does not go unnoticed. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { packageRoot } from '../../src/native/load-binding.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { moduleImage } from '../fixtures/module-image.ts';

const program = join(packageRoot(), 'dist/cli/kmodctl.cjs');
const FULL = 'could not write all output: ENOSPC: no space left on device, write\n';

interface Answer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program with one of its outputs on a full disk. */
function run(t: ExecutionContext, full: 'stdout' | 'stderr', argv: readonly string[]): Answer {
  const device = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(device));
  const { status, output } = spawnSync(process.execPath, [program, ...argv], {
    stdio: ['ignore', full === 'stdout' ? device : 'pipe', full === 'stderr' ? device : 'pipe'],
    encoding: 'utf8',
  });
  return { exitCode: status, stdout: output[1] ?? '', stderr: output[2] ?? '' };
}

function tree(t: ExecutionContext): readonly string[] {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { a: { path: 'kernel/a.ko', content: moduleImage({ modinfo: ['license=GPL'] }) } },
  });
  return ['-d', root.path, '-S', RELEASE];
}

test('a full disk below stdout: one line says so, and the exit code is 1, whatever the command', (t) => {
  const place = tree(t);
  const [, root = ''] = place;
  for (const argv of [
    ['--version'],
    ['--help'],
    ['load', '--help'],
    ['completion', 'bash'],
    ['plan', ...place, 'a'],
    ['plan', '--json', ...place, 'a'],
    ['info', '--json', ...place, 'a'],
    ['config', '--json', 'show', ...place],
    ['audit', '--json', '-d', root],
    ['modprobe', '-D', ...place, 'a'],
    ['modprobe', '-n', '-v', ...place, 'a'],
    ['modinfo', '-b', root, '-k', RELEASE, 'a'],
  ])
    t.deepEqual(
      run(t, 'stdout', argv),
      { exitCode: 1, stdout: '', stderr: `kmodctl: ${FULL}` },
      argv.join(' '),
    );
});

test('a full disk below stderr keeps nothing from being done', (t) => {
  const { exitCode, stdout } = run(t, 'stderr', ['modprobe', '-n', '-v', ...tree(t), '-a', 'nosuch', 'a']);
  t.is(exitCode, 1);
  t.regex(stdout, /^insmod .*\/kernel\/a\.ko \n$/);
});
