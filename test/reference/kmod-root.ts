import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { FixtureRoot } from '../fixtures/fixture-root.ts';
import type { ReferenceKmod, ReferenceRun } from './reference-kmod.ts';

/** Folder in the root that holds kmod, its loader and its libraries. */
const TOOLS = '.kmod';

/** What a file of a root is: its content, where it leads, or (null) a folder. */
export type RootFile = string | Uint8Array | { readonly link: string } | null;

/**
 * A folder that the real kmod takes for `/`, so that its configuration folders, its module folder and the kernel's command
 * line are those of a test.
 */
export class KmodRoot extends FixtureRoot {
  readonly #kmod: ReferenceKmod;

  constructor(kmod: ReferenceKmod) {
    super();
    this.#kmod = kmod;
    const tools = join(this.path, TOOLS);
    mkdirSync(tools);
    copy(kmod.libraries, join(tools, 'lib'));
    copy(kmod.command('modprobe').at(-1) ?? '', join(tools, 'kmod'));
  }

  /** Makes these the only files, besides kmod itself. */
  replaceFiles(files: Readonly<Record<string, RootFile>>): void {
    for (const name of readdirSync(this.path))
      if (name !== TOOLS) rmSync(join(this.path, name), { recursive: true, force: true });
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.path, path);
      mkdirSync(content === null ? file : dirname(file), { recursive: true });
      if (content === null) continue;
      if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, file);
      else this.write(path, content);
    }
  }

  /** Runs a tool in the root, with the root as its working folder. */
  runKmod(tool: string, args: readonly string[]): ReferenceRun {
    const loader = `/${TOOLS}/lib/${basename(this.#kmod.loader)}`;
    const call = ['--argv0', tool, '--library-path', `/${TOOLS}/lib`, `/${TOOLS}/kmod`, ...args];
    // Who is not root makes a namespace in which he is.
    const enter = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user'];
    const [program = '', ...rest] = [...enter, 'chroot', this.path, loader, ...call];
    const { status, stdout, stderr, error } = spawnSync(program, rest, {
      env: { PATH: process.env['PATH'] },
      timeout: 120_000,
      maxBuffer: 2 ** 28,
    });
    if (error !== undefined) throw error;
    return { exitCode: status ?? 255, stdout, stderr: stderr.toString('latin1') };
  }
}

/** Links where the file system allows it. */
function copy(from: string, to: string): void {
  if (spawnSync('cp', ['-al', from, to]).status === 0) return;
  rmSync(to, { recursive: true, force: true });
  if (spawnSync('cp', ['-a', from, to]).status !== 0) throw new Error(`${from} could not be copied to ${to}`);
}
