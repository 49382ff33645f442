/** Versions of symbols: of the modules of a book of 2001, built for kernels of today, and of those kernels' own. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test from 'ava';

import { moduleVersions, prototypeCrc, readModuleFile } from '../../src/index.ts';
import { knownVersions } from '../../src/api/version-source.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { prepareBuildRoot } from '../../vm/kernels/build-root.ts';
import { buildTestModules } from '../../vm/kernels/test-modules.ts';
import { resolveKernel } from '../../vm/kernels/resolve-kernel.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

const EXPORT_FUNCTION = 0x888c_b211;

/** Names and versions of a Module.symvers. */
function symversOf(path: string): ReadonlyMap<string, number> {
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [crc = '', name = ''] = line.split('\t');
        return [name, Number(crc)];
      }),
  );
}

for (const kernel of testKernels)
  test(`${kernel}: export_function is 888cb211 in the book, by prototypeCrc, in Module.symvers and in the modules`, async (t) => {
    t.timeout(600_000, 'builds the modules the first time');
    const { directory, modules } = await buildTestModules(await resolveKernel(kernel), 'test/book-modules');
    t.is(prototypeCrc('int export_function(int, int)'), EXPORT_FUNCTION);
    t.is(symversOf(join(directory, 'Module.symvers')).get('export_function'), EXPORT_FUNCTION);
    const exporting = await readModuleFile(modules.get('export') ?? '');
    t.deepEqual(exporting.exports, [
      { name: 'export_function', crc: EXPORT_FUNCTION, gplOnly: false, namespace: null },
    ]);

    const { directory: moduleDirectory, release } = await referenceTree(kernel);
    const importing = modules.get('import') ?? '';
    const { name, needs, vermagic } = await moduleVersions(importing, { moduleDirectory, release });
    t.is(name, 'import');
    t.regex(vermagic ?? '', /SMP .*mod_unload modversions/);
    t.like(
      needs.find((need) => need.name === 'export_function'),
      { crc: EXPORT_FUNCTION, kernelCrc: EXPORT_FUNCTION, provider: 'export', agrees: true },
    );
    // Built with the headers of another release of the same series, maybe: then it would not be loaded.
    const layout = needs.find((need) => need.name === 'module_layout');
    t.is(layout?.provider, 'kernel');
    t.is(typeof layout?.kernelCrc, 'number');
    t.deepEqual((await moduleVersions(modules.get('slave') ?? '', { moduleDirectory, release })).exports, []);
  });

for (const kernel of testKernels)
  test(`${kernel}: versions that other modules were built with are those of Module.symvers`, async (t) => {
    t.timeout(600_000, 'fetches the headers the first time');
    const prepared = await resolveKernel(kernel);
    const root = await prepareBuildRoot(prepared, {});
    const known = symversOf(join(root, 'usr/src', `linux-headers-${prepared.release}`, 'Module.symvers'));
    const reference = await referenceTree(kernel);
    if (reference.release !== prepared.release) t.log(`${reference.release} beside ${prepared.release}`);
    const tree = new ModuleTree({ release: reference.release, moduleDirectory: reference.directory });
    const names = [
      '_printk',
      'kfree',
      'module_layout',
      'strcmp',
      'no_such_symbol',
      'xor_blocks',
      'raid6_call',
    ];
    const found = await knownVersions({ tree, loaded: [] }, names);
    t.false(found.has('no_such_symbol'));
    t.is(found.get('xor_blocks')?.provider, 'xor');
    t.is(found.get('kfree')?.provider, 'kernel');
    for (const [name, { crc }] of found)
      if (reference.release === prepared.release) t.is(known.get(name) ?? -1, crc, name);
    t.true(found.size >= 5);
  });

test('modinfo --versions and kmodctl info --versions; nm of 2.4 with --classic', async (t) => {
  t.timeout(600_000, 'builds the modules the first time');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([]);
  const { modules } = await buildTestModules(await resolveKernel('6.1'), 'test/book-modules');
  const { directory, release } = await referenceTree('6.1');
  const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
  const importing = modules.get('import') ?? '';
  const place = ['-b', base, '-k', release];

  const tables = await runCli(root, [
    'modinfo',
    '--versions',
    ...place,
    importing,
    `${dirname(importing)}/export.ko`,
  ]);
  t.is(tables.exitCode, 0);
  t.regex(tables.stdout, /^import:\nNEEDS +MODULE +KERNEL +VERDICT +FROM\n/);
  t.regex(tables.stdout, /^export_function +0x888cb211 {2}0x888cb211 {2}same +export$/m);
  t.regex(tables.stdout, /^EXPORTS +VERSION +FOR {2}NAMESPACE\nexport_function {2}0x888cb211 {2}all$/m);

  const classic = await runCli(root, ['modinfo', '--versions', '--classic', ...place, importing]);
  t.regex(classic.stdout, /^ {17}U _printk_R[0-9a-f]{8}$/m);
  t.regex(classic.stdout, /^ {17}U export_function_R888cb211$/m);
  const names = classic.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(19));
  t.deepEqual(names, names.toSorted());

  const info = await runCli(root, ['kmodctl', 'info', '--versions', '-d', base, '-S', release, importing]);
  t.regex(info.stdout, /^ {2}export_function +0x888cb211 {2}0x888cb211 {2}same/m);
  t.like(await runCli(root, ['modinfo', '--classic', 'x']), {
    exitCode: 1,
    stderr: 'modinfo: ERROR: --classic is a form of --versions.\n',
  });
  t.like(await runCli(root, ['modinfo', '--versions', '--json', 'x']), { exitCode: 1 });
  t.regex(
    (await runCli(root, ['modinfo', '--versions', ...place, 'nosuch'])).stderr,
    /^modinfo: ERROR: .*nosuch/,
  );
  t.regex(
    (await runCli(root, ['modinfo', '--versions', ...place, 'unix'])).stderr,
    /part of the kernel's image/,
  );
});
