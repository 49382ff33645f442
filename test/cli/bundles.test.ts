import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Script } from 'node:vm';

import test from 'ava';

import { bundleLoader, codeBeside, codeFile } from '../../src/cli/bundle-loader.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

const folder = join(packageRoot(), 'dist/cli');
const require = createRequire(import.meta.url);

test('the compiled code of every tool is taken by the Node that made it', (t) => {
  const refused: string[] = [];
  let scripts = 0;
  for (const name of ['depmod', 'insmod', 'ksyms', 'lsmod', 'modinfo', 'modprobe', 'modprobe-run', 'rmmod']) {
    const load = bundleLoader({
      require,
      folder,
      codeOf: (file) => codeBeside(file, process),
      onScript: (file: string, { cachedDataRejected }: Script) => {
        scripts++;
        if (cachedDataRejected !== false) refused.push(file);
      },
    });
    load(`./${name}.cjs`);
  }
  t.deepEqual(refused, []);
  t.true(scripts >= 7);
});

test('a tool answers the same with compiled code, without it, and with code that is none', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const program = root.write('cli/kmodctl.cjs', readFileSync(join(folder, 'kmodctl.cjs')));
  const modprobe = join(root.path, 'modprobe');
  symlinkSync(program, modprobe);
  for (const name of readdirSync(folder).filter((each) => /^modprobe.*\.cjs$/.test(each)))
    root.write(`cli/${name}`, readFileSync(join(folder, name)));
  const answers = (): unknown =>
    [['--help'], ['-n', 'x'], ['-r', 'x'], ['-R', 'x'], ['--bogus'], ['--show-exports', 'x']].map((argv) => {
      const env = { ...process.env, KMODCTL_CACHE_DIR: join(root.path, 'cache') };
      const { status, stdout, stderr } = spawnSync(process.execPath, [modprobe, ...argv], {
        encoding: 'utf8',
        env,
      });
      return { status, stdout, stderr };
    });
  const without = answers();
  t.regex(JSON.stringify(without), /Usage:.*Module x not found/);
  for (const name of ['modprobe', 'modprobe-run']) {
    const code = codeFile(join(folder, `${name}.cjs`), process);
    t.true(existsSync(code), code);
    root.write(`cli/${code.slice(folder.length + 1)}`, readFileSync(code));
  }
  t.deepEqual(answers(), without);
  root.write(`cli/${codeFile(join(folder, 'modprobe.cjs'), process).slice(folder.length + 1)}`, 'none');
  t.deepEqual(answers(), without);
});
