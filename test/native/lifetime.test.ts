import test from 'ava';

import { runChild } from './child-process.ts';
import { lifeScenarios } from './life-scenarios.ts';
import { nodeBinary, supportedMajors } from './node-versions.ts';
import { type SlowSyscalls, slowSyscalls } from './slow-syscall.ts';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./life-stage.js', import.meta.url));

// A process that waits for endless calls is killed; the others may take their time on a busy machine.
const timeLimit = ({ milliseconds }: SlowSyscalls): number => (milliseconds >= 30_000 ? 20_000 : 60_000);

for (const major of supportedMajors)
  test(`Node ${major}: is fetched or at hand`, async (t) => {
    const end = await runChild(await nodeBinary(major), ['--version']);
    t.regex(end.stdout, new RegExp(`^v${major}\\.`));
  });

for (const { stage, calls, syscalls, code, prints, stderr } of lifeScenarios)
  for (const count of calls)
    for (const major of supportedMajors)
      test(`Node ${major}: ${stage} with ${count} calls of ${syscalls.milliseconds} ms in flight`, async (t) => {
        t.timeout(300_000, 'the children of all tests wait for each other');
        const env = await slowSyscalls(syscalls);
        const end = await runChild(await nodeBinary(major), [program, stage, String(count)], {
          env,
          timeout: timeLimit(syscalls),
        });
        t.is(end.signal, null, end.stderr);
        t.is(end.code, code, end.stderr);
        t.deepEqual(
          end.stdout
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as unknown),
          prints(count),
        );
        if (stderr) t.regex(end.stderr, stderr);
        else t.is(end.stderr, '');
      });
