import { fileURLToPath } from 'node:url';

import test from 'ava';

import { runChild } from './child-process.ts';

const program = fileURLToPath(new URL('./termination-stage.js', import.meta.url));

for (const call of ['takeScan', 'matchTexts'])
  test(`a worker that is terminated during ${call} takes nobody with it`, async (t) => {
    const end = await runChild(process.execPath, [program, call], { timeout: 60_000 });
    t.is(end.signal, null, end.stderr);
    t.is(end.stderr, '');
    t.is(end.stdout, '[1,1]');
  });
