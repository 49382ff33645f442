import test from 'ava';

import {
  type ModulesConfOptions,
  parseModulesConf,
} from '../../../src/config/modules-conf/read-modules-conf.ts';
import type { ModulesConfiguration } from '../../../src/config/modules-conf/model.ts';
import { memoryFiles } from './memory-files.ts';
import { modelSummary } from './model-summary.ts';
import { type OriginalCase, originalCases } from './original-cases.ts';

function read(
  { text, files = {}, autoclean, environment = {} }: OriginalCase,
  options: Partial<Omit<ModulesConfOptions, 'file'>> = {},
): ModulesConfiguration {
  return parseModulesConf(
    text,
    {
      file: 'test.conf',
      mode: '2.4',
      release: '2.4.20',
      autoclean,
      environment: { HOME: '/root', ...environment },
      ...options,
    },
    { files: memoryFiles({ ...files, 'test.conf': text }) },
  );
}

for (const each of originalCases)
  test(`as modutils: ${each.title}`, (t) => {
    t.is(modelSummary(read(each)), each.result);
  });

test('a file that includes itself: twenty times, then an error all the way up', (t) => {
  const text = 'include test.conf\n';
  const model = read({ title: '', text, files: { 'test.conf': text }, result: '' });
  t.true(model.hasFailed);
  t.is(model.files.length, 22);
  t.deepEqual(model.diagnostics[0]?.original, ['Too many include level in line 1\n']);
  t.is(model.diagnostics.length, 22);
});

test('files that include themselves twice end as well', (t) => {
  const text = 'include test.conf\ninclude test.conf\n';
  const model = read({ title: '', text, files: { 'test.conf': text }, result: '' });
  t.true(model.hasFailed);
  t.true(model.files.length <= 100);
});

test('insmod, depmod and modinfo read paths only, and pass over what is invalid', (t) => {
  const text =
    'bogus\nalias a b\noptions c d=1\npath[x]=/y\nprune z\ninstall q r\ninsmod_opt=-N\ninclude gone\ndepfile=/d\n';
  const model = read({ title: '', text, result: '' }, { scope: 'paths' });
  t.is(
    modelSummary(model),
    "modprobe: Can't open gone\nmodprobe: include gone failed\n\npath[x]=/y\nprune z\ndepfile=/d\ninsmod_opt=-N\n",
  );
  t.deepEqual([model.aliases, model.options], [[], []]);
  t.true(read({ title: '', text: 'endif\n', result: '' }, { scope: 'paths' }).hasFailed);
});

test('the folder of depmod -b goes in front of what modutils puts it in front of', (t) => {
  const text = 'path=/a /b\npath=/c$X\npath="/d"\nusbmapfile=/e\n';
  t.is(
    modelSummary(read({ title: '', text, result: '' }, { baseDirectory: '/r' })),
    'path[misc]=/r/a\npath[misc]=/b\npath[misc]=/r/c\npath[misc]=/d\nusbmapfile=/r/e\n',
  );
  t.is(
    modelSummary(read({ title: '', text, result: '' }, { baseDirectory: '/r', mode: 'fixed' })),
    'path[misc]=/r/a\npath[misc]=/r/b\npath[misc]=/r/c\npath[misc]=/r/d\nusbmapfile=/r/e\n',
  );
});

test('MODPATH stands for the default paths, unless in safe mode', (t) => {
  const given = {
    title: '',
    text: 'keep\npath=/z\n',
    environment: { MODPATH: '/a/%s:/b/net:c' },
    result: '',
  };
  t.is(modelSummary(read(given)), 'path[2.4.20]=/a/2.4.20\npath[net]=/b/net\npath[misc]=c\npath[misc]=/z\n');
  t.is(read(given, { safeMode: true }).paths.length, 22);
});

test('commands in values run only when they are allowed', (t) => {
  const text = 'options a p=$(echo 5) q=`echo 6`\nalias b $(echo hi)\nalias c `echo "x y"`\n';
  const given = { title: '', text, result: '' };
  const model = read(given);
  t.deepEqual(
    model.diagnostics.map(({ code, line, column }) => [code, line, column]),
    [
      ['command-not-run', 1, 13],
      ['command-not-run', 2, 9],
      ['command-not-run', 3, 9],
    ],
  );
  t.true(model.hasFailed);
  const allowed = modelSummary(read(given, { allowShell: true, environment: { PATH: '/usr/bin:/bin' } }));
  t.is(allowed, 'alias b {hi}\nalias c {x} {y}\noptions a {p=5} {q=6}\n');
});
