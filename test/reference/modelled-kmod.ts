import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { moduleNameOfPath } from '../../src/index-files/module-name.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import type { FixtureRoot } from '../fixtures/fixture-root.ts';
import type { KernelModel } from '../fixtures/kernel-model.ts';
import { runChild, runOrThrow } from '../native/child-process.ts';
import type { ReferenceKmod } from './reference-kmod.ts';

/** Where kmod is run. */
export interface ModelledPlace {
  readonly root: FixtureRoot;
  readonly model: KernelModel;
  /** Milliseconds after which it is killed: kmod can wait for ever. Default 20,000. */
  readonly timeout?: number | undefined;
}

/** What kmod did to a modelled kernel. */
export interface ModelledRun {
  readonly exitCode: number;
  readonly stdout: string;
  /** Without the places in the source that Debian's build adds to messages. */
  readonly stderr: string;
}

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-model-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let library: Promise<string> | undefined;
let sockets = 0;

/**
 * Runs a tool of the real kmod where /proc and /sys are those of a fixture, and the module calls are answered by a model.
 * That takes a name space of its own.
 */
export async function runModelledKmod(
  kmod: ReferenceKmod,
  { root, model, timeout = 20_000 }: ModelledPlace,
  [tool = '', ...args]: readonly string[],
): Promise<ModelledRun> {
  library ??= buildLibrary();
  const [loader, ...rest] = kmod.command(tool);
  const socket = join(folder, String(sockets++));
  const server = createServer((connection) => {
    connection.once('data', (question) => {
      const call = question.toString().replace(/#(\d+)/, (_, inode) => moduleOfInode(root, Number(inode)));
      connection.end(String(model.verdict(call.trimEnd()) ?? 0));
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  if (!existsSync(join(root.path, 'proc/cmdline'))) root.write('proc/cmdline', '');
  const script = 'mount --bind "$0/sys" /sys && mount --bind "$0/proc" /proc && exec "$@"';
  const space = ['--map-root-user', '--mount', 'sh', '-c', script, root.path];
  try {
    const { code, signal, stdout, stderr } = await runChild(
      'unshare',
      [...space, loader, '--preload', await library, ...rest, ...args],
      { env: { KMODCTL_TEST_KERNEL: socket, KMODCTL_TEST_LIBRARY: await library }, cwd: root.path, timeout },
    );
    return { exitCode: code ?? 255, stdout, stderr: plainMessages(stderr) + (signal ?? '') };
  } finally {
    server.close();
  }
}

/** Name of the module in the file of a fixture that has this inode. */
function moduleOfInode(root: FixtureRoot, inode: number): string {
  const entries = readdirSync(root.path, { recursive: true, withFileTypes: true });
  const file = entries.find(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).ino === inode,
  );
  return moduleNameOfPath(file?.name ?? '');
}

function plainMessages(text: string): string {
  return text.replaceAll(/(?<=: [A-Z]+: ?)\.\.\/\S+:\d+ \w+\(?\)?:? /g, '');
}

async function buildLibrary(): Promise<string> {
  const file = join(folder, 'modelled-calls.so');
  const source = join(packageRoot(), 'test/reference/modelled-calls.c');
  await runOrThrow('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', file, source]);
  return file;
}
