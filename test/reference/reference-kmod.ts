import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { catalogueEntry, debianArchitectures, hostArchitecture } from '../../vm/kernels/catalogue.ts';
import { prepareToolRoot } from '../../vm/kernels/tool-root.ts';

/** The versions of kmod that Debian has, with a kernel of the catalogue that is of the same suite. */
const suites = { '34.2': '6.12', '30': '6.1' } as const;

/** A version of kmod to compare with. Debian builds both without zlib: neither reads `.ko.gz`. */
export type ReferenceVersion = keyof typeof suites;

/** What a run of a tool gave. */
export interface ReferenceRun {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The real kmod, as Debian builds it, under its own dynamic loader and libraries. */
export interface ReferenceKmod {
  readonly version: ReferenceVersion;
  /** Program and first arguments of a tool's command line; the tool's own arguments follow. */
  readonly command: (tool: string) => readonly [string, ...string[]];
  /** Runs a tool to its end. Its configuration folders are the host's, as ever: name others with `-C`. */
  readonly run: (tool: string, args: readonly string[], options?: ReferenceRunOptions) => ReferenceRun;
  /** An empty folder, for `-C`. */
  readonly emptyConfiguration: string;
  /** Folder of its libraries (libkmod, liblzma, libzstd), for programs that are to use the same. */
  readonly libraries: string;
  /** Its dynamic loader. */
  readonly loader: string;
}

/** How a tool is run. */
export interface ReferenceRunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after which it is killed: kmod's depmod has endless loops. Default 120,000. */
  readonly timeout?: number;
}

/** Fetches a kmod if the cache does not have it. */
export async function referenceKmod(version: ReferenceVersion): Promise<ReferenceKmod> {
  const architecture = hostArchitecture();
  const root = await prepareToolRoot(catalogueEntry(suites[version]), architecture, {});
  const libraries = join(root, 'usr/lib', debianArchitectures[architecture].triplet);
  const loader = join(libraries, architecture === 'x64' ? 'ld-linux-x86-64.so.2' : 'ld-linux-aarch64.so.1');
  const emptyConfiguration = join(root, 'etc/empty.d');
  mkdirSync(emptyConfiguration, { recursive: true });
  const command = (tool: string): readonly [string, ...string[]] => [
    loader,
    '--argv0',
    tool,
    '--library-path',
    libraries,
    join(root, 'usr/bin/kmod'),
  ];
  const run: ReferenceKmod['run'] = (tool, args, options = {}) => {
    const [program, ...before] = command(tool);
    const { status, stdout, stderr, error } = spawnSync(program, [...before, ...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      timeout: options.timeout ?? 120_000,
      maxBuffer: 2 ** 30,
    });
    if (error !== undefined) throw error;
    return { exitCode: status ?? 255, stdout, stderr: stderr.toString('latin1') };
  };
  return { version, command, run, emptyConfiguration, libraries, loader };
}
