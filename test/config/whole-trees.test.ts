import { readFileSync } from 'node:fs';

import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

for (const kernel of testKernels)
  test(`modprobe -c prints the indexes of the whole tree of ${kernel} as kmod does`, async (t) => {
    t.timeout(600_000);
    const { directory, release } = await referenceTree(kernel);
    const kmod = await referenceKmod('34.2');
    const root = new FixtureRoot();
    t.teardown(() => root.remove());
    root.write('proc/cmdline', readFileSync('/proc/cmdline'));
    const base = directory.slice(0, directory.lastIndexOf('/lib/modules/'));
    const line = ['-c', '-C', kmod.emptyConfiguration, '-d', base, '-S', release];
    const { exitCode, stdout, stderr } = kmod.run('modprobe', line);
    const ours = await runCli(root, ['modprobe', ...line, '--compat=kmod']);
    t.is(exitCode, 0);
    t.like(ours, { exitCode, stderr });
    t.is(ours.stdout.length, stdout.length);
    t.true(ours.stdout === stdout.toString());
    t.true(ours.stdout.split('\n').length > 10_000);
  });
