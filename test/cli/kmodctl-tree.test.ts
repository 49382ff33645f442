import test, { type ExecutionContext } from 'ava';

import { drawLoaded, drawLoadedSvg, loadedTree } from '../../src/index.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

/** btrfs needs raid6_pq and xor; raid6_pq and dm need xor, which needs base. fuse stands alone. */
function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([
    { name: 'fuse', refcount: 2 },
    { name: 'btrfs', refcount: 1, isPermanent: true },
    { name: 'raid6_pq', refcount: 1, users: ['btrfs'] },
    { name: 'xor', refcount: 2, users: ['btrfs', 'raid6_pq'] },
    { name: 'base', refcount: 1, users: ['xor'] },
    { name: 'late', refcount: 1, state: 'Loading' },
  ]);
  return root;
}

const terminal = { stdoutIsTerminal: () => true, env: { LANG: 'de_DE.UTF-8', NO_COLOR: '1' } };

async function kmodctl(root: FixtureRoot, argv: readonly string[], world = {}): Promise<CliResult> {
  return await runCli(root, ['kmodctl', ...argv], undefined, world);
}

test('a tree for people: UTF-8 on a terminal that reads it, ASCII elsewhere', async (t) => {
  const root = setUp(t);
  t.is(
    (await kmodctl(root, ['tree'], terminal)).stdout,
    `MODULE      BYTES  USES  OTHERS
fuse        16384     2       2
btrfs       16384     1       1  permanent
├─raid6_pq  16384     1       0
│ └─xor     16384     2       0
│   └─base  16384     1       0
└─xor ...   16384     2       0
late        16384     1       0  coming
`,
  );
  const piped = await kmodctl(root, ['tree', '--reverse', 'base'], { env: terminal.env });
  t.is(
    piped.stdout,
    `MODULE        BYTES  USES  OTHERS
base          16384     1       0
\`-xor         16384     2       0
  |-btrfs     16384     1       1  permanent
  \`-raid6_pq  16384     1       0
    \`-btrfs   16384     1       1  permanent
`,
  );
  t.like(await kmodctl(root, ['tree', 'nothing']), { exitCode: 1, stdout: '' });
});

test('the same as data, and as pictures', async (t) => {
  const root = setUp(t);
  const place = { root: root.path };
  const [xor, ...more] = loadedTree({ ...place, names: ['xor'] });
  t.is(more.length, 0);
  t.like(xor, { module: { name: 'xor', refcount: 2 }, repeated: false });
  t.deepEqual(
    xor?.branches.map(({ module }) => module.name),
    ['base'],
  );
  t.throws(() => loadedTree({ ...place, names: ['raid7'] }), { message: /raid7 is not loaded/ });
  t.throws(() => loadedTree({ ...place, revers: true } as object), { message: /did you mean "reverse"/ });
  t.throws(() => loadedTree({ ...place, names: [1] } as object), { instanceOf: TypeError });

  const dot = (await kmodctl(root, ['graph'])).stdout;
  t.regex(dot, /^digraph modules \{\n/);
  t.true(dot.includes(String.raw`"fuse" [label="fuse\nin use: 2"];`), dot);
  t.is(dot, drawLoaded('dot', place));
  t.is([...dot.matchAll(/->/g)].length, 4);
  const part = (await kmodctl(root, ['graph', '--format=mermaid', 'raid6-pq'])).stdout;
  t.deepEqual(
    [...part.matchAll(/\["(\w+)/g)].map(([, name]) => name),
    ['btrfs', 'raid6_pq', 'xor', 'base'],
  );
  t.is(part, drawLoaded('mermaid', { ...place, names: ['raid6_pq'] }));
  t.throws(() => drawLoaded('png' as 'dot', place), { instanceOf: TypeError });
  const svg = (await kmodctl(root, ['graph', '--format=svg'])).stdout;
  t.is(svg, await drawLoadedSvg(place));
  t.is(svg.match(/class="edge"/g)?.length, 4);
  t.like(await kmodctl(root, ['graph', '--format=png']), { exitCode: 1 });
});
