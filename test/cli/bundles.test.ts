import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Script } from 'node:vm';

import test from 'ava';

import type { CliIo } from '../../src/cli/cli-io.ts';
import type * as Main from '../../src/cli/main.ts';
import { subcommands } from '../../src/cli/kmodctl-subcommands.ts';
import { bundleLoader, codeBeside, codeFile } from '../../src/cli/bundle-loader.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

const folder = join(packageRoot(), 'dist/cli');
const require = createRequire(import.meta.url);

const bundles = [
  'depmod',
  'insmod',
  'ksyms',
  'lsmod',
  'main',
  'modinfo',
  'modprobe',
  'modprobe-run',
  'rmmod',
].concat(Object.keys(subcommands).map((name) => `kmodctl-${name}`));

test('the compiled code of every tool and of every command of kmodctl is taken by the Node that made it', (t) => {
  const refused: string[] = [];
  for (const name of bundles) {
    t.true(existsSync(codeFile(join(folder, `${name}.cjs`), process)), name);
    const load = bundleLoader({
      require,
      folder,
      codeOf: (file) => codeBeside(file, process),
      onScript: (file: string, { cachedDataRejected }: Script) => {
        if (cachedDataRejected !== false) refused.push(file);
      },
    });
    load(`./${name}.cjs`);
  }
  t.deepEqual(refused, []);
});

// What imports in a bundle with compiled code fails with ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING.
test('only the one bundle that Node loads itself imports', (t) => {
  const importing = readdirSync(folder).filter(
    (name) => name.endsWith('.cjs') && readFileSync(join(folder, name), 'latin1').includes('import('),
  );
  t.deepEqual(importing, ['dynamic-import.cjs']);
});

// To load these takes longer than most runs; what needs them takes them by process.getBuiltinModule().
test('no bundle loads a part of Node at its start that is slow to load', (t) => {
  const slow = /require\("(?:node:)?(?:child_process|crypto|fs\/promises|net|stream|worker_threads)"\)/;
  const loading = readdirSync(folder).filter(
    (name) => name.endsWith('.cjs') && slow.test(readFileSync(join(folder, name), 'latin1')),
  );
  t.deepEqual(loading, []);
});

test('a command of kmodctl answers from its bundle as it does from the whole program', async (t) => {
  const whole = bundleLoader({ require, folder, codeOf: () => undefined })('./main.cjs') as typeof Main;
  for (const name of Object.keys(subcommands)) {
    let output = '';
    const io = { env: {}, stdout: (text: string) => (output += text) } as unknown as CliIo;
    await whole.run(['node', 'kmodctl', name, '--help'], io);
    const { status, stdout } = spawnSync(process.execPath, [join(folder, 'kmodctl.cjs'), name, '--help'], {
      encoding: 'utf8',
    });
    t.is(status, 0, name);
    t.is(stdout, output, name);
  }
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
