import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

interface Case {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly coloured: boolean;
}

const cases: readonly Case[] = [
  { coloured: false },
  { terminal: true, coloured: true },
  { terminal: true, env: { TERM: 'dumb' }, coloured: false },
  { terminal: true, env: { NO_COLOR: '1' }, coloured: false },
  { terminal: true, env: { NO_COLOR: '' }, coloured: true },
  { env: { FORCE_COLOR: '1' }, coloured: true },
  { terminal: true, env: { FORCE_COLOR: '0' }, coloured: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '1' }, coloured: false },
  { argv: ['--color=always'], env: { NO_COLOR: '1' }, coloured: true },
  { argv: ['--color', 'never'], terminal: true, env: { FORCE_COLOR: '1' }, coloured: false },
  { argv: ['--color=auto'], terminal: true, coloured: true },
  { argv: ['--json', '--color=always'], terminal: true, coloured: false },
];

test('colours: on a terminal, and as the option and the environment say', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([{ name: 'xor' }]);
  for (const { argv = [], env = {}, terminal = false, coloured } of cases) {
    const world = { env, stdoutIsTerminal: () => terminal };
    const { stdout } = await runCli(root, ['kmodctl', 'list', ...argv], undefined, world);
    t.is(stdout.includes('\u001b['), coloured, JSON.stringify({ argv, env, terminal }));
  }
  t.regex(
    (await runCli(root, ['kmodctl', 'list', '--color=x'])).stderr,
    /takes always, auto or never, not 'x'/,
  );
});
