/** Runs depmod, ours and kmod's, over the same small trees. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { ExecutionContext } from 'ava';

import type { CliIo } from '../../src/cli/cli-io.ts';
import { run } from '../../src/cli/main.ts';
import { type ModuleImageOptions, moduleImage } from '../fixtures/module-image.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import type { ReferenceKmod } from '../reference/reference-kmod.ts';

export const RELEASE = '6.99.0-test';
/** What depmod writes, in its order. */
export const indexNames = [
  'modules.dep',
  'modules.dep.bin',
  'modules.alias',
  'modules.alias.bin',
  'modules.softdep',
  'modules.weakdep',
  'modules.symbols',
  'modules.symbols.bin',
  'modules.builtin.bin',
  'modules.builtin.alias.bin',
  'modules.devname',
];
export const TREE = `lib/modules/${RELEASE}`;

/** A file: its text or bytes, a module to be built, or a link. */
export type TreeFile =
  string | Uint8Array | { readonly link: string } | { readonly module: ModuleImageOptions };

/** Names of files to their content; a name that begins with `/` starts at the base, others at the release's folder. */
export type TreeFiles = Readonly<Record<string, TreeFile>>;

/** What a run of depmod gave. */
export interface DepmodRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The files that it wrote, by their path in the base, as latin1. */
  readonly files: Readonly<Record<string, string>>;
}

/** A base folder with a small tree in it. */
export class SmallTree {
  readonly base = mkdtempSync(join(tmpdir(), 'kmodctl-depmod-'));
  /** Folder for what ours remembers from one run to the next. */
  readonly cache = mkdtempSync(join(tmpdir(), 'kmodctl-cache-'));

  /** No depmod makes system calls; the command line wants to be able to. */
  readonly #kernel = new FixtureRoot();

  constructor(files: TreeFiles) {
    mkdirSync(join(this.base, TREE), { recursive: true });
    for (const [name, file] of Object.entries(files)) this.write(name, file);
  }

  write(name: string, file: TreeFile): string {
    const path = name.startsWith('/') ? join(this.base, name) : join(this.base, TREE, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof file === 'string') writeFileSync(path, file.replaceAll('BASE', this.base));
    else if (file instanceof Uint8Array) writeFileSync(path, file);
    else if ('link' in file) symlinkSync(file.link.replace('BASE', this.base), path);
    else writeFileSync(path, moduleImage(file.module));
    return path;
  }

  /** Runs kmod's depmod and takes away what it wrote. */
  runReference(kmod: ReferenceKmod, args: readonly string[], timeout = 20_000): DepmodRun {
    const before = this.#snapshot();
    const { exitCode, stdout, stderr } = kmod.run('depmod', this.#arguments(args), {
      cwd: this.base,
      timeout,
    });
    return { exitCode, stdout: stdout.toString('latin1'), stderr, files: this.#takeNew(before) };
  }

  /** Runs ours and takes away what it wrote. */
  async run(args: readonly string[]): Promise<DepmodRun> {
    const before = this.#snapshot();
    const result = await this.#run(args);
    return { ...result, files: this.#takeNew(before) };
  }

  async #run(args: readonly string[]): Promise<Omit<DepmodRun, 'files'>> {
    const written = { stdout: '', stderr: '' };
    const io: CliIo = {
      stdout: (output) => {
        written.stdout += Buffer.from(output as Uint8Array).toString('latin1');
      },
      stderr: (output) => {
        written.stderr += Buffer.from(output).toString('latin1');
      },
      env: { KMODCTL_CACHE_DIR: this.cache },
      workingDirectory: this.base,
      syscalls: new RecordingCalls(this.#kernel),
      kernel: { root: this.base },
      release: RELEASE,
    };
    const exitCode = await run(['node', '/usr/sbin/depmod', ...this.#arguments(args)], io);
    return { exitCode, ...written };
  }

  /** Runs ours and leaves what it writes. */
  async keep(args: readonly string[]): Promise<number> {
    return (await this.#run(args)).exitCode;
  }

  remove(): void {
    this.#kernel.remove();
    for (const folder of [this.base, this.cache]) rmSync(folder, { recursive: true, force: true });
  }

  #arguments(args: readonly string[]): readonly string[] {
    return args.map((word) => word.replaceAll('BASE', this.base));
  }

  #snapshot(): ReadonlyMap<string, string> {
    const names = readdirSync(this.base, { recursive: true, withFileTypes: true });
    return new Map(
      names
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path.slice(this.base.length + 1), readFileSync(path, 'latin1')]),
    );
  }

  #takeNew(before: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [path, content] of this.#snapshot()) {
      const old = before.get(path);
      if (old === content && !isIndex(path)) continue;
      found[path] = content;
      if (old === undefined) rmSync(join(this.base, path));
      else writeFileSync(join(this.base, path), old, 'latin1');
    }
    return found;
  }
}

function isIndex(path: string): boolean {
  return /\/modules\.(?!order$|builtin$|builtin\.modinfo$)[^/]+$/.test(path);
}

/** Asserts that ours does what kmod's does: output, exit code and every byte of every file. */
export async function assertLikeKmod(
  t: ExecutionContext,
  kmod: ReferenceKmod,
  files: TreeFiles,
  args: readonly string[],
  {
    compat = false,
    normalize = (text) => text,
  }: { readonly compat?: boolean; readonly normalize?: (stderr: string) => string } = {},
): Promise<DepmodRun> {
  const tree = new SmallTree(files);
  try {
    const theirs = tree.runReference(kmod, args);
    const ours = await tree.run(compat ? ['--compat=kmod', ...args] : args);
    t.deepEqual(ours, { ...theirs, stderr: normalize(theirs.stderr) });
    return ours;
  } finally {
    tree.remove();
  }
}
