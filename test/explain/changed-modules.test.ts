import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { diagnose, type DiagnoseOptions } from '../../src/index.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import type { Diagnosis } from '../../src/explain/diagnosis.ts';
import { resolveKernel } from '../../vm/index.ts';
import { changedFiles } from './changed-modules.ts';

/** A kernel's tree with its image, as on a machine where it is installed and does not run. */
async function installed(
  kernel: string,
): Promise<{ options: DiagnoseOptions; tree: ModuleTree; release: string }> {
  const { release, moduleDirectory } = await resolveKernel(kernel);
  const root = moduleDirectory.replace(/\/(?:usr\/)?lib\/modules\/[^/]+$/, '');
  return {
    options: { root, release, moduleDirectory, running: false, configuration: false },
    tree: new ModuleTree({ release, moduleDirectory }),
    release,
  };
}

function pathOf(tree: ModuleTree, module: string): string {
  const path = tree.dependencyLine(module)?.path;
  if (path === undefined) throw new Error(`no module ${module}`);
  return path;
}

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-doctor-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** What is wrong with findings as such: each has to say what it rests on. */
function emptyFindings({ findings }: Diagnosis): readonly string[] {
  return findings
    .filter(
      ({ text, evidence }) =>
        !text.endsWith('.') || evidence.length === 0 || evidence.some(({ source }) => source === ''),
    )
    .map(({ cause }) => cause);
}

for (const kernel of ['6.1', '6.12'])
  test.serial(`${kernel}: the cause of each change to a stock module is found; none is wrong`, async (t) => {
    const { options, tree } = await installed(kernel);
    const folder = temporaryFolder(t);
    const count = { right: 0, unsure: 0, wrong: 0 };
    for (const { title, stock, cause, note, change, parameters } of changedFiles) {
      const path = join(folder, title.replaceAll(' ', '-'), `${stock}.ko`);
      mkdirSync(join(path, '..'));
      writeFileSync(path, change(pathOf(tree, stock)));
      const diagnosis = await diagnose(path, { ...options, parameters });
      t.deepEqual(emptyFindings(diagnosis), [], title);
      const isRight = diagnosis.cause === cause;
      const isSure = cause === null ? diagnosis.verdict === 'no-fault' : diagnosis.verdict === 'fails';
      if (!isRight) count.wrong++;
      else if (isSure) count.right++;
      else count.unsure++;
      t.is(diagnosis.cause, cause, `${title}: ${JSON.stringify(diagnosis, null, 1)}`);
      if (note !== undefined)
        t.true(
          diagnosis.findings.some((finding) => finding.cause === note && !finding.refused),
          `${title}: ${JSON.stringify(diagnosis.findings)}`,
        );
    }
    t.log(count);
    t.is(count.wrong, 0);
    t.true(count.unsure <= 7, JSON.stringify(count));
  });

test.serial('a module of another kernel: 6.1 on 6.12 and the reverse', async (t) => {
  const [old, recent] = [await installed('6.1'), await installed('6.12')];
  for (const [from, to] of [
    [old, recent],
    [recent, old],
  ] as const) {
    const diagnosis = await diagnose(pathOf(from.tree, 'dummy'), to.options);
    t.is(diagnosis.cause, 'other-kernel-build');
    t.is(diagnosis.verdict, 'fails');
    t.true(diagnosis.findings[0]?.evidence[0]?.text.includes(from.release));
  }
});

for (const kernel of ['6.1', '6.12'])
  test.serial(
    `${kernel}: nothing speaks against the kernel's own modules, with every CRC compared`,
    async (t) => {
      const { options, tree } = await installed(kernel);
      const names = [...(tree.index('modules.dep.bin')?.entries() ?? [])].map(({ key }) => key);
      const stride = Math.floor(names.length / 40);
      for (let place = 0; place < names.length; place += stride) {
        const name = names[place] ?? '';
        const diagnosis = await diagnose(name, { ...options, thorough: true });
        t.is(diagnosis.verdict, 'no-fault', `${name}: ${JSON.stringify(diagnosis.findings)}`);
        const faults = diagnosis.checks.filter(({ result }) => result !== 'ok');
        t.deepEqual(faults, [], name);
      }
    },
  );
