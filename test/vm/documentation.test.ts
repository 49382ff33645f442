import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import { startVm } from '../../vm/index.ts';
import { outputBlock, type Snippet, snippets } from '../documentation.ts';
import { testModuleFiles } from './in-guest.ts';

const execute = promisify(execFile);

for (const snippet of snippets()) {
  const run = snippet.place === 'guest' ? runInGuest : runOnHost;
  test(`${snippet.title} (${snippet.place})`, async (t) => {
    const output = await run(t, snippet);
    if (snippet.output !== undefined) t.is(shape(output), shape(snippet.output));
  });
}

async function runInGuest(t: ExecutionContext, { language, code }: Snippet): Promise<string> {
  await using vm = await startVm({
    kernel: '6.12',
    files: await testModuleFiles('6.12', ['kmodctl_params']),
  });
  const [program, file] =
    language === 'sh' ? ['sh', '/root/snippet.sh'] : ['node', '/usr/lib/node_modules/snippet.mjs'];
  await vm.writeFile(file, code);
  const { stdout, stderr, exitCode } = await vm.run(
    language === 'sh' ? [program, '-e', file] : [program, file],
  );
  t.is(exitCode, 0, stderr);
  return stdout;
}

// As a file of this project, so that the package's own name leads to what was built.
async function runOnHost(t: ExecutionContext, { language, code }: Snippet): Promise<string> {
  const folder = resolve('dist/test/snippets', String(process.pid), String(Math.random()).slice(2));
  const programs = await mkdtemp(join(tmpdir(), 'kmodctl-docs-'));
  try {
    await mkdir(folder, { recursive: true });
    await symlink(resolve('dist/cli/kmodctl.cjs'), join(programs, 'kmodctl'));
    const file = join(folder, language === 'sh' ? 'snippet.sh' : 'snippet.mjs');
    await writeFile(file, code);
    const env = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
    const [program, args] = language === 'sh' ? ['sh', ['-e', file]] : [process.execPath, [file]];
    const { stdout } = await execute(program, args, { env });
    t.true(stdout.length > 0);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(programs, { recursive: true, force: true });
  }
}

test('the output of npm start in README.md is the real one, but for its numbers', async (t) => {
  const { stdout } = await execute(process.execPath, ['dist/vm/demonstration.js']);
  t.is(shape(stdout), shape(outputBlock('README.md', 'demonstration')));
});

/** Text without what differs from run to run: numbers, versions, widths of columns, set-up lines, the accelerator. */
function shape(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/template|accelerator|guest's root/.test(line))
    .map((line) =>
      line
        .replaceAll(/\d[\d.]*(?:\+deb\w+)?(?:-\d+)?/g, 'N')
        .replaceAll(/ +/g, ' ')
        .trimEnd(),
    )
    .join('\n')
    .trimEnd();
}
