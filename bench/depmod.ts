import { copyFileSync, renameSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type ReferenceKmod, referenceKmod } from '../test/reference/reference-kmod.ts';
import { copyTree, referenceTree, type TreeCopy } from '../test/reference/reference-tree.ts';
import { measureProcess, type ProcessMeasure } from './measured-process.ts';

/** What is compared: a tree of plain files and one of compressed ones. */
interface Tree {
  readonly kernel: string;
  readonly kind: string;
  readonly rounds: number;
  /** Two modules of about the same size; the first gets the content of the one and of the other by turns. */
  readonly modules: readonly [string, string];
  /** Ratios that are not to be exceeded. */
  readonly most: Readonly<Record<Work, number>>;
}

type Work = 'all' | 'one changed';

const trees: readonly Tree[] = [
  {
    kernel: '6.1',
    kind: 'plain',
    rounds: 15,
    modules: ['kernel/fs/minix/minix.ko', 'kernel/fs/omfs/omfs.ko'],
    most: { all: 0.5, 'one changed': 0.3 },
  },
  {
    kernel: '6.12',
    kind: 'xz',
    rounds: 5,
    modules: ['kernel/fs/minix/minix.ko.xz', 'kernel/fs/omfs/omfs.ko.xz'],
    most: { all: 0.5, 'one changed': 0.04 },
  },
];

/** Longer than a file is distrusted after its last change. */
const REST = 2500;

/**
 * depmod over whole trees, kmod's and ours: of all modules, and once more after one module was changed, where ours has
 * its cache and kmod reads everything again. Interleaved; the median of each. Both unpack with the same liblzma: ours is
 * given kmod's, because a newer one is a third faster. Both write all files of the full runs.
 */
export async function depmod(): Promise<void> {
  const kmod = await referenceKmod('34.2');
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-bench-'));
  await mkdir(join(folder, 'libraries'));
  await symlink(join(kmod.libraries, 'liblzma.so.5'), join(folder, 'libraries/liblzma.so.5'));
  process.stdout.write(`depmod: both sides unpack with ${join(kmod.libraries, 'liblzma.so.5')}\n`);
  try {
    for (const tree of trees) {
      const copy = copyTree(await referenceTree(tree.kernel));
      try {
        await sleep(REST);
        const bench = new DepmodBench({ kmod, folder, tree, copy });
        await bench.run('all');
        await bench.run('one changed');
      } finally {
        copy.remove();
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

class DepmodBench {
  readonly #kmod: ReferenceKmod;
  readonly #folder: string;
  readonly #tree: Tree;
  readonly #copy: TreeCopy;
  readonly #env: NodeJS.ProcessEnv;

  constructor(options: {
    readonly kmod: ReferenceKmod;
    readonly folder: string;
    readonly tree: Tree;
    readonly copy: TreeCopy;
  }) {
    this.#kmod = options.kmod;
    this.#folder = options.folder;
    this.#tree = options.tree;
    this.#copy = options.copy;
    const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env; // 40 ms at each start of Node 20
    this.#env = { ...env, KMODCTL_CACHE_DIR: join(options.folder, 'cache') };
  }

  async run(work: Work): Promise<void> {
    const [theirs, ours]: [ProcessMeasure[], ProcessMeasure[]] = [[], []];
    if (work === 'one changed') await this.#ours();
    for (let round = 0; round < this.#tree.rounds; round++) {
      if (work === 'all') await this.#forget();
      else this.#change(round);
      theirs.push(await this.#theirs());
      ours.push(await this.#ours());
    }
    const ratio = median(ours) / median(theirs);
    process.stdout.write(
      `depmod ${this.#copy.release}, ${this.#tree.kind}, ${work}: kmod ${median(theirs).toFixed(0)} ms with ${peak(theirs)}, ` +
        `ours ${median(ours).toFixed(0)} ms with ${peak(ours)}, ratio ${ratio.toFixed(3)} (at most ${this.#tree.most[work]})\n`,
    );
  }

  async #theirs(): Promise<ProcessMeasure> {
    return await measureProcess([...this.#kmod.command('depmod'), ...this.#arguments('theirs')], this.#env);
  }

  async #ours(): Promise<ProcessMeasure> {
    const command = [process.execPath, resolve('dist/cli/kmodctl.cjs'), 'depmod'] as const;
    const env = { ...this.#env, LD_LIBRARY_PATH: join(this.#folder, 'libraries') };
    return await measureProcess([...command, ...this.#arguments('ours')], env);
  }

  #arguments(side: string): readonly string[] {
    const { base, release } = this.#copy;
    return ['-C', this.#kmod.emptyConfiguration, '-b', base, '-o', join(this.#folder, side), release];
  }

  async #forget(): Promise<void> {
    for (const name of ['theirs', 'ours', 'cache'])
      await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  // A new file in the place of the old one, as packages are installed.
  #change(round: number): void {
    const [target, source] = this.#tree.modules.map((name) => join(this.#copy.directory, name));
    if (target === undefined || source === undefined) return;
    const original = join(this.#folder, `original-${this.#copy.release}`);
    if (round === 0) copyFileSync(target, original);
    copyFileSync(round % 2 === 0 ? source : original, `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

function median(measures: readonly ProcessMeasure[]): number {
  const sorted = measures.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function peak(measures: readonly ProcessMeasure[]): string {
  return `${(Math.max(...measures.map(({ peakKilobytes }) => peakKilobytes)) / 1024).toFixed(0)} MiB`;
}
