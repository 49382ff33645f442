import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import test, { type ExecutionContext } from 'ava';

import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { moduleImage } from '../fixtures/module-image.ts';

const buildId = 'ab'.repeat(20);
const odd = moduleImage({
  buildId,
  modinfo: [
    'license=GPL',
    'parm=a:first',
    'parmtype=b:int',
    'parm=b:bee',
    'parmtype=c:array of charp',
    'noeq',
    '=v',
    'fourteen_chars=1',
    'fifteen_chars_x=1',
    'averylongkeyname_more=val',
    'parm=none',
  ],
});

function setUp(t: ExecutionContext): {
  root: FixtureRoot;
  folder: string;
  modinfo: (...argv: readonly string[]) => Promise<CliResult>;
} {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const folder = root.writeTree({
    modules: {
      snd_pcm: {
        path: 'kernel/snd-pcm.ko',
        content: moduleImage({ modinfo: ['license=GPL v2', 'author=J'] }),
      },
      packed: { path: 'kernel/packed.ko.gz', content: gzipSync(moduleImage({ modinfo: ['license=MIT'] })) },
      gone: { path: 'kernel/gone.ko', isMissing: true },
      broken: { path: 'kernel/broken.ko', content: Buffer.from('\x7fELF, but no more than that') },
    },
    aliases: [
      ['pci:v*', 'snd_pcm'],
      ['pci:v1*', 'packed'],
      ['lost', 'nowhere'],
    ],
    builtin: ['ext9'],
    builtinAliases: [['fs_ext?', 'ext9']],
  });
  root.write(
    `lib/modules/${RELEASE}/modules.builtin.modinfo`,
    'ext9.license=GPL\0ext9.parm=n:Number\0ext9.parmtype=n:int\0ext9.name=inner\0',
  );
  const modinfo = async (...argv: readonly string[]): Promise<CliResult> =>
    await runCli(root, ['modinfo', '-b', root.path, '-k', RELEASE, ...argv]);
  return { root, folder, modinfo };
}

test('the listing of a file: columns, odd entries, parameters', async (t) => {
  const { root, modinfo } = setUp(t);
  const file = root.write('odd.ko', odd);
  const complaint = `modinfo: ERROR: Found invalid "parm=none": missing ':'\n`;
  const lines = [
    `filename:       ${file}`,
    'license:        GPL',
    'noeq:           ',
    ':               v',
    'fourteen_chars: 1',
    'fifteen_chars_x:1',
    'averylongkeyname_more:val',
    'parm:           c:array of charp',
    'parm:           b:bee (int)',
    'parm:           a:first',
  ];
  t.like(await modinfo(file), { exitCode: 0, stdout: `${lines.join('\n')}\n`, stderr: complaint });
  t.is((await modinfo('odd.ko')).stdout, `${lines.join('\n').replace(file, `${root.path}/odd.ko`)}\n`);
  const terminated = (await modinfo('-0', file)).stdout.split('\0');
  t.deepEqual(terminated.slice(1, 4), ['license=GPL', 'noeq=', '=v']);
  t.is(terminated[7], 'parm:           c:array of charp');
  t.like(await modinfo('-p', file), {
    stdout: 'c: (array of charp)\nb:bee (int)\na:first\n',
    stderr: complaint,
  });
  t.is((await modinfo('-F', 'parmtype', file)).stdout, 'b:int\nc:array of charp\n');
  t.is((await modinfo('-F', 'build-id', file)).stdout, '');
});

test('names, aliases, builtins, and several operands', async (t) => {
  const { folder, modinfo } = setUp(t);
  const path = `${folder}/kernel/snd-pcm.ko`;
  const shown = `filename:       ${path}\nlicense:        GPL v2\nauthor:         J\n`;
  for (const argv of [['snd-pcm'], ['snd_pcm'], ['-m', 'snd-pcm.anything'], ['pci:v2']])
    t.deepEqual((await modinfo(...argv)).stdout, shown);
  const builtin =
    'name:           ext9\nfilename:       (builtin)\nlicense:        GPL\nname:           inner\nparm:           n:Number (int)\n';
  for (const argv of [['ext9'], ['fs-ext4'], ['-m', 'ext9'], ['-m', 'fs-ext4']])
    t.is((await modinfo(...argv)).stdout, builtin);
  t.is((await modinfo('-F', 'name', 'ext9')).stdout, 'ext9\ninner\n');
  t.is((await modinfo('-n', 'ext9', 'snd-pcm')).stdout, `(builtin)\n${path}\n`);
  t.is((await modinfo('-n', 'pci:v12')).stdout, `${path}\n${folder}/kernel/packed.ko.gz\n`);
  t.is((await modinfo('-l', 'packed', 'snd-pcm', 'packed')).stdout, 'MIT\nGPL v2\nMIT\n');
  t.is((await modinfo('lost')).stdout, 'name:           nowhere\nfilename:       (builtin)\n');
});

test('what cannot be shown is told of, and the rest is shown', async (t) => {
  const { root, folder, modinfo } = setUp(t);
  const gone = await modinfo('-l', 'gone', 'snd-pcm', 'none');
  t.like(gone, {
    exitCode: 1,
    stdout: 'GPL v2\n',
    stderr:
      "modinfo: ERROR: could not get modinfo from 'gone': No such file or directory\n" +
      'modinfo: ERROR: Module none not found.\n',
  });
  const broken = await modinfo('broken');
  t.is(broken.stdout, `filename:       ${folder}/kernel/broken.ko\n`);
  const [first = '', second = ''] = broken.stderr.split('\n');
  t.is(first, "modinfo: ERROR: could not get modinfo from 'broken': Invalid argument");
  t.true(second.startsWith(`modinfo: ERROR: The module file ${folder}/kernel/broken.ko is damaged at byte`));
  writeFileSync(join(folder, 'modules.builtin.modinfo'), 'no name\0');
  t.like(await modinfo('ext9'), { exitCode: 1, stdout: 'name:           ext9\nfilename:       (builtin)\n' });
  writeFileSync(join(folder, 'modules.builtin.modinfo'), '');
  t.like(await modinfo('ext9'), { exitCode: 0, stdout: 'name:           ext9\nfilename:       (builtin)\n' });
  root.write('text.ko.txt', odd);
  const texts: readonly (readonly [readonly string[], string])[] = [
    [['a['], 'Module alias a[ not found.'],
    [['text.ko.txt'], 'Module text.ko.txt not found.'],
    [['-m', 'lost'], 'Module name lost not found.'],
    [['./none.ko'], 'Module ./none.ko not found.'],
    [[], 'missing module or filename.'],
  ];
  for (const [argv, text] of texts)
    t.like(await modinfo(...argv), { exitCode: 1, stdout: '', stderr: `modinfo: ERROR: ${text}\n` });
});

test('the command line: short forms, the last field wins, mistakes', async (t) => {
  const { modinfo } = setUp(t);
  for (const argv of [['-l'], ['--lic'], ['-Flicense'], ['--fie=license'], ['-nF', 'license'], ['-nal']])
    t.is((await modinfo(...argv, 'snd-pcm')).stdout, 'GPL v2\n');
  t.is((await modinfo('--nul', '--auth', 'snd-pcm')).stdout, 'J\0');
  const mistakes: readonly (readonly [readonly string[], string])[] = [
    [['-x', 'y'], "modinfo: invalid option -- 'x'\n"],
    [['--f', 'y'], "modinfo: option '--f' is ambiguous; possibilities: '--filename' '--field'\n"],
    [['-F'], "modinfo: option requires an argument -- 'F'\n"],
  ];
  for (const [argv, stderr] of mistakes) t.like(await modinfo(...argv), { exitCode: 1, stdout: '', stderr });
  for (const argv of [
    ['--json', '-p'],
    ['--records', '-0'],
    ['--json', '--records'],
  ])
    t.regex(
      (await modinfo(...argv, 'snd-pcm')).stderr,
      /^modinfo: ERROR: --(json|records) shows all in its own form/,
    );
});

test('--json has types, and what could be read when something could not', async (t) => {
  const { root, folder, modinfo } = setUp(t);
  const file = root.write('odd.ko', odd);
  const { exitCode, stdout } = await modinfo('--json', file, 'none', 'gone', 'ext9', 'packed');
  t.is(exitCode, 1);
  const { schema, modules } = JSON.parse(stdout) as {
    schema: string;
    modules: readonly Record<string, unknown>[];
  };
  t.is(schema, 'kmodctl/modinfo/1');
  t.deepEqual(
    modules.map(({ name, filename, builtin, license, buildId: id }) => [
      name,
      filename,
      builtin,
      license,
      id,
    ]),
    [
      ['odd', file, false, 'GPL', buildId],
      ['ext9', null, true, 'GPL', null],
      ['packed', `${folder}/kernel/packed.ko.gz`, false, 'MIT', null],
    ],
  );
  t.deepEqual(modules[0]?.['parameters'], [
    { name: 'c', type: 'charp', array: true, description: null },
    { name: 'b', type: 'int', array: false, description: 'bee' },
    { name: 'a', type: null, array: false, description: 'first' },
  ]);
  t.deepEqual(JSON.parse((await modinfo('--json', 'none')).stdout), {
    schema: 'kmodctl/modinfo/1',
    modules: [],
  });
});

test('--records: one form for every line, an empty record behind each module', async (t) => {
  const { folder, modinfo } = setUp(t);
  const { stdout } = await modinfo('--records', 'snd-pcm', 'ext9');
  t.is(
    stdout.replaceAll('\0', '|'),
    `module=snd_pcm|filename=${folder}/kernel/snd-pcm.ko|license=GPL v2|author=J||` +
      'module=ext9|license=GPL|parm=n:Number|parmtype=n:int|name=inner||',
  );
});

test('help and version', async (t) => {
  const { modinfo } = setUp(t);
  t.regex((await modinfo('--help')).stdout, /^Usage:\n\tmodinfo/);
  t.regex((await modinfo('-V', '-h')).stdout, /^kmodctl version /);
});
