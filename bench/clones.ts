import { startVm } from '../vm/index.ts';

const COUNT = 100;

/** A clone of a template to its first answer, against a boot of the same guest. */
export async function clones(): Promise<void> {
  for (const kernel of ['6.1', '6.12']) {
    await using warm = await startVm({ kernel }); // the template is there from here on
    const times: number[] = [];
    for (let i = 0; i < COUNT; i++) {
      const started = performance.now();
      await using vm = await startVm({ kernel });
      await vm.run(['true']);
      times.push(vm.facts.readyMs, performance.now() - started);
    }
    const begun = performance.now();
    await using booted = await startVm({ kernel, template: false });
    const boot = performance.now() - begun;
    const ready = sorted(times.filter((_time, index) => index % 2 === 0));
    const withProgram = sorted(times.filter((_time, index) => index % 2 === 1));
    process.stdout.write(
      `clones ${kernel} (${warm.facts.accelerator}): first answer median ${at(ready, 0.5)}, 95th percentile ${at(ready, 0.95)}, slowest ${at(ready, 1)}; ` +
        `with one program run ${at(withProgram, 0.5)}; a boot ${boot.toFixed(0)} ms, ratio ${((ready[COUNT / 2] ?? 0) / boot).toFixed(3)}\n`,
    );
    await booted.stop();
  }
}

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

function at(values: readonly number[], part: number): string {
  return `${values[Math.min(values.length - 1, Math.floor(values.length * part))]?.toFixed(0)} ms`;
}
