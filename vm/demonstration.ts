/**
 * The main job, as `npm start` runs it: a stock kernel in QEMU, and this package's own code loading a module with all
 * that it needs, showing it, and unloading it again. Everything printed comes from the guest.
 */
import { startVm } from './start-vm.ts';
import type { RunResult, VirtualMachine } from './virtual-machine.ts';

const [kernel = '6.12', name = 'btrfs'] = process.argv.slice(2);

const begun = performance.now();
const times: [label: string, milliseconds: number][] = [];

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

async function show(vm: VirtualMachine, label: string, argv: readonly string[]): Promise<RunResult> {
  say(`\n$ ${argv.join(' ')}`);
  const result = await vm.run(argv, { onOutput: (_stream, text) => process.stdout.write(text) });
  if (result.exitCode !== 0)
    throw new Error(
      `${argv.join(' ')} ended with status ${result.exitCode ?? result.signal}\n${result.stderr}`,
    );
  times.push([label, result.durationMs]);
  return result;
}

function modulesOf(lsmod: RunResult): string[] {
  return lsmod.stdout
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ')[0] ?? '')
    .filter((word) => word !== '');
}

async function demonstrate(): Promise<void> {
  say(`kmodctl: load ${name} and what it needs on a real kernel, look at it, unload it`);
  await using vm = await startVm({
    kernel,
    log: (line) => {
      say(`  ${line}`);
    },
  });
  const { facts } = vm;
  if (facts.templateMs > 0) times.push(['template booted and saved', facts.templateMs]);
  times.push(['guest cloned, first answer', facts.readyMs]);
  say(`  kernel       Linux ${facts.kernel.release} (Debian package ${facts.kernel.version})`);
  say(`  accelerator  ${facts.accelerator}: ${facts.acceleratorReason}`);
  say(`  guest        cloned from its template in ${seconds(facts.readyMs)}`);

  await show(vm, `plan ${name}`, ['kmodctl', 'plan', name]);
  const before = modulesOf(await show(vm, 'lsmod', ['lsmod']));
  await show(vm, `load ${name}`, ['kmodctl', 'load', name]);
  const loaded = modulesOf(await show(vm, 'lsmod', ['lsmod']));
  await show(vm, `unload ${name}`, ['kmodctl', 'unload', name]);
  const after = modulesOf(await show(vm, 'lsmod', ['lsmod']));

  if (!loaded.includes(name)) throw new Error(`${name} is not among the loaded modules`);
  if (after.join() !== before.join())
    throw new Error(`left behind: ${after.filter((m) => !before.includes(m)).join(' ')}`);
  say('\nsummary');
  say(`  ${loaded.length - before.length} modules loaded and unloaded again; the guest is as it was`);
  for (const [label, milliseconds] of times)
    say(`  ${label.padEnd(28)} ${seconds(milliseconds).padStart(8)}`);
  say(`  ${'all, without the set-up'.padEnd(28)} ${seconds(performance.now() - begun).padStart(8)}`);
}

try {
  await demonstrate();
} catch (error) {
  process.stderr.write(`kmodctl: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
