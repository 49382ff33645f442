/** A folder on the host with a small tree of modules and files of configuration, for both sets of tools. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { CliIo } from '../../src/cli/cli-io.ts';
import { run } from '../../src/cli/main.ts';
import { moduleCalls } from '../../src/native/real-calls.ts';
import { type ModuleImageOptions, moduleImage } from '../fixtures/module-image.ts';
import { plainMessages } from '../reference/plain-messages.ts';
import type { ReferenceKmod } from '../reference/reference-kmod.ts';

/** Release of the tree. */
export const RELEASE = '6.99.0-test';

/** A file: its text, a module to be built, or a link. */
export type HostFile = string | { readonly link: string } | { readonly module: ModuleImageOptions };

/** What a command line gave. */
export interface HostRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line, understood. */
interface HostCommand {
  readonly environment: Readonly<Record<string, string>>;
  readonly tool: string;
  readonly words: readonly string[];
}

/** Where both sets of tools run. Command lines are run with the folder as the working directory. */
export class HostTree {
  readonly base = mkdtempSync(join(tmpdir(), 'kmodctl-versus-'));
  readonly #kmod: ReferenceKmod;

  constructor(kmod: ReferenceKmod, files: Readonly<Record<string, HostFile>>) {
    this.#kmod = kmod;
    for (const [name, file] of Object.entries(files)) this.#write(name, file);
  }

  #write(name: string, file: HostFile): void {
    const path = join(this.base, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof file === 'string') writeFileSync(path, file);
    else if ('link' in file) symlinkSync(file.link, path);
    else writeFileSync(path, moduleImage(file.module));
  }

  /** Runs a line with the real kmod. */
  theirs(line: string): HostRun {
    const { environment, tool, words } = this.#parse(line);
    const { exitCode, stdout, stderr } = this.#kmod.run(tool, words, {
      cwd: this.base,
      env: environment,
      timeout: 20_000,
    });
    return { exitCode, stdout: stdout.toString('latin1'), stderr: plainMessages(stderr) };
  }

  /** Runs a line with ours, `--compat=kmod` put before all other words on request. */
  async ours(line: string, compat = false): Promise<HostRun> {
    const { environment, tool, words } = this.#parse(line);
    const written = { stdout: '', stderr: '' };
    const io: CliIo = {
      stdout: (output) => {
        written.stdout += Buffer.from(output as Uint8Array).toString('latin1');
      },
      stderr: (output) => {
        written.stderr += Buffer.from(output).toString('latin1');
      },
      env: environment,
      workingDirectory: this.base,
      syscalls: moduleCalls,
      kernel: {},
      release: release(),
    };
    const argv = compat ? ['--compat=kmod', ...words] : words;
    return { exitCode: await run(['node', `/usr/sbin/${tool}`, ...argv], io), ...written };
  }

  remove(): void {
    rmSync(this.base, { recursive: true });
  }

  /** `[NAME=VALUE ...] TOOL WORD...`, with single quotes as the only quotes, `BASE` for the folder, `TREE` for `-d BASE -S RELEASE`. */
  #parse(line: string): HostCommand {
    const words = (line.match(/(?:'[^']*'|[^\s'])+/g) ?? [])
      .flatMap((word) => (word === 'TREE' ? ['-d', 'BASE', '-S', RELEASE] : [word]))
      .map((word) => word.replaceAll("'", '').replaceAll('BASE', this.base));
    const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
    const environment = Object.fromEntries(
      words
        .slice(0, first)
        .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
    const [tool = '', ...rest] = words.slice(first);
    return { environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment }, tool, words: rest };
  }
}
