import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

import type { ExecutionContext } from 'ava';

import { type CommandEnd, type ShellCommand, shellCommands } from '../../src/execute/shell-command.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel } from '../fixtures/kernel-model.ts';
import { runModelledKmod } from '../reference/modelled-kmod.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

/** What a command line gave, and what it did. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The calls that the kernel saw. */
  readonly calls: readonly string[];
}

/** A kernel before the command line. */
export interface Kernel {
  readonly loaded?: readonly string[];
  /** Answers to insertions, by module. */
  readonly refusals?: Readonly<Record<string, number>>;
  readonly commandLine?: string;
  /** What the kernel unpacks. */
  readonly compression?: string;
}

/** The insert side of modprobe beside the real kmod. */
export interface Setting {
  readonly root: FixtureRoot;
  /** One folder of configuration, written anew for each answer. */
  readonly kmod: (line: string, configuration: string, kernel?: Kernel) => Promise<Answer>;
  readonly ours: (line: string, configuration: string, kernel?: Kernel) => Promise<Answer>;
}

/**
 * The same tree, configuration and modelled kernel for the real kmod and for ours. b needs a, c needs b and a; d and e share an alias, so do a broken and a lost one.
 */
export async function setUp(t: ExecutionContext): Promise<Setting> {
  const reference = await referenceKmod('34.2');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      a: { path: 'kernel/a.ko' },
      b: { path: 'kernel/b.ko', needs: ['a'] },
      c: { path: 'kernel/c.ko', needs: ['b', 'a'] },
      d: { path: 'kernel/d.ko' },
      e: { path: 'kernel/e.ko' },
      packed: { path: 'kernel/packed.ko.xz', content: contents.xz },
      lost: { path: 'kernel/lost.ko', isMissing: true },
      needs_lost: { path: 'kernel/needs-lost.ko', needs: ['lost', 'a'] },
      tiny: { path: 'kernel/tiny.ko', content: Buffer.from('ELF') },
    },
    builtin: ['unix'],
    aliases: [
      ['pci:v*', 'd'],
      ['pci:v[0-9]*', 'e'],
      ['stale', 'removed'],
    ],
    symbols: [['shown', 'a']],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep e post: d\n');
  root.write('x/a.ko', contents.plain);
  root.write('x/own.ko', contents.plain);
  const model = new KernelModel(root, []);
  const place = ['-C', `${root.path}/etc/modprobe.d`, '-d', root.path, '-S', RELEASE];
  const prepare = (configuration: string, kernel: Kernel): void => {
    model.refusals.clear();
    for (const [module, errno] of Object.entries(kernel.refusals ?? {})) model.refusals.set(module, errno);
    model.reset((kernel.loaded ?? []).map((name) => ({ name })));
    root.write('proc/cmdline', kernel.commandLine ?? '');
    rmSync(`${root.path}/sys/module/compression`, { force: true });
    if (kernel.compression !== undefined) root.write('sys/module/compression', kernel.compression);
    root.write('etc/modprobe.d/test.conf', configuration);
  };
  return {
    root,
    kmod: async (line, configuration, kernel = {}) => {
      prepare(configuration, kernel);
      const argv = ['modprobe', ...place, ...words(line)];
      const { exitCode, stdout, stderr } = await runModelledKmod(reference, { root, model }, argv);
      return { exitCode, stdout, stderr: withoutAddresses(stderr), calls: [...model.record] };
    },
    ours: async (line, configuration, kernel = {}) => {
      prepare(configuration, kernel);
      const argv = ['modprobe', ...place, ...words(line)];
      const printed: string[] = [];
      const commands = { ...shellCommands, runSync: (command: ShellCommand) => runHere(command, printed) };
      const { exitCode, stdout, stderr } = await runCli(root, argv, model.verdict, { commands });
      return { exitCode, stdout: printed.join('') + stdout, stderr, calls: [...model.record] };
    },
  };
}

/** kmod prints addresses of its own memory with some messages; these are left out. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/^.*(?:ctx=0x|context 0x|function 0x).*\n/gm, '');
}

/** The shell, with what it prints. */
function runHere({ command, environment }: ShellCommand, printed: string[]): CommandEnd {
  const env = { ...process.env, ...environment };
  const { status, signal, stdout } = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' });
  printed.push(stdout);
  return { exitCode: status, signal };
}

function words(line: string): readonly string[] {
  return line.split(' ').filter((word) => word !== '');
}
