import test from 'ava';

import { graphDot } from '../../src/plan/graph-dot.ts';
import { graphMermaid } from '../../src/plan/graph-mermaid.ts';
import type { InsertStep, LoadPlan, StepReason, UnloadPlan } from '../../src/plan/plan.ts';
import { planGraph } from '../../src/plan/plan-graph.ts';

const origin = { file: '/etc/modprobe.d/a.conf', line: 3 };

function insert(module: string, because: StepReason, required = true): InsertStep {
  const facts = { path: `/m/${module}.ko`, parameters: '', options: [], call: 'finit' } as const;
  return { action: 'insert', module, ...facts, because, required };
}

const loadPlan: LoadPlan = {
  kind: 'load',
  targets: [
    { asked: 'nick', module: 'top', by: 'configured-alias', alias: 'ni*', origin },
    { asked: 'low', module: 'low', by: 'name', alias: null, origin: null },
    { asked: 'nick', module: 'bad', by: 'configured-alias', alias: 'ni*', origin },
  ],
  steps: [
    insert('low', { kind: 'dependency', of: 'top' }),
    insert('mid', { kind: 'dependency', of: 'top' }),
    { ...insert('top', { kind: 'asked' }), parameters: 'a="b c" <x> & \\' },
    insert('soft', { kind: 'softdep', of: 'top', order: 'post', origin }, false),
  ],
  blocked: [
    {
      module: 'mid',
      path: null,
      code: 'ERR_KMOD_MODULE_FILE',
      reason: 'gone',
      errno: -2,
      holders: [],
      because: { kind: 'dependency', of: 'top' },
    },
  ],
  tolerated: [],
  skipped: [
    { kind: 'blacklisted', module: 'bad', reason: 'it is blacklisted', because: { kind: 'asked' }, origin },
    {
      kind: 'weakdep',
      module: 'weak',
      reason: 'may be asked for',
      because: { kind: 'weakdep', of: 'low', origin },
      origin,
    },
  ],
};

const needs: Readonly<Record<string, readonly string[]>> = { top: ['low', 'mid'], mid: ['low'], low: [] };

test('a picture has a node for each module and name, and an edge for each reason', (t) => {
  const { nodes, edges } = planGraph(loadPlan);
  t.deepEqual(
    nodes.map(({ id, kind, required }) => `${id}: ${kind}${required ? '' : ', optional'}`),
    [
      'low: act',
      'mid: blocked',
      'top: act',
      'soft: act, optional',
      'bad: left, optional',
      'weak: left, optional',
      'asked nick: name',
    ],
  );
  t.deepEqual(
    edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`),
    [
      'top dependency low',
      'top dependency mid',
      'top softdep-post soft',
      'low weakdep weak',
      'asked nick alias top',
      'asked nick alias bad',
    ],
  );
  // modules.dep lists all that a module needs; drawn is what nothing else stands between.
  const direct = planGraph(loadPlan, (module) => needs[module]);
  t.deepEqual(
    direct.edges.filter(({ kind }) => kind === 'dependency').map(({ from, to }) => `${from} ${to}`),
    ['top mid', 'mid low'],
  );
});

test('an unload is drawn as well', (t) => {
  const unload: UnloadPlan = {
    kind: 'unload',
    steps: [
      {
        action: 'delete',
        module: 'user',
        force: false,
        because: { kind: 'holder', of: 'top' },
        required: true,
      },
      { action: 'delete', module: 'top', force: true, because: { kind: 'asked' }, required: true },
    ],
    blocked: [],
    skipped: [{ module: 'low', reason: 'it is in use', because: { kind: 'dependency', of: 'top' } }],
  };
  const { nodes, edges } = planGraph(unload);
  t.deepEqual(
    nodes.map(({ id, kind, lines }) => [id, kind, lines.at(-1)]),
    [
      ['user', 'act', 'unload'],
      ['top', 'act', 'unload by force'],
      ['low', 'left', 'it is in use'],
    ],
  );
  t.deepEqual(edges, [
    { from: 'user', to: 'top', kind: 'holder' },
    { from: 'top', to: 'low', kind: 'dependency' },
  ]);
});

const nasty = 'x"]; y -> z;\n\\" #quot; <b>&amp;`%% {} | \u0007 \ud800 ü';

test('names cannot break out of their quotes', (t) => {
  const graph = planGraph({
    ...loadPlan,
    blocked: [],
    steps: [insert(nasty, { kind: 'asked' }), insert('end\\', { kind: 'dependency', of: nasty })],
  });
  const dot = graphDot(graph);
  t.true(
    dot.includes(String.raw`"x\"]; y -> z;\n\\\" #quot; <b>&amp;amp;` + '`%% {} | \ufffd \ufffd ü\\nfinit"'),
  );
  t.true(dot.includes(String.raw`"end\\" [label="end\\\nfinit"]`));
  const mermaid = graphMermaid(graph);
  t.true(
    mermaid.includes(
      '["x#34;#93;#59; y -#62; z#59;#65533;#92;#34; #35;quot#59; #60;b#62;#38;amp#59;#96;#37;#37; #123;#125; #124; #65533; #65533; ü<br/>finit"]:::act',
    ),
    mermaid,
  );
});

test('the plan in both languages', (t) => {
  const graph = planGraph(loadPlan);
  t.is(
    graphDot(graph),
    `digraph plan {
  node [shape=box, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize="10"];
  "low" [label="low\\nfinit"];
  "mid" [label="mid\\nfinit", color="red", fontcolor="red", style="bold"];
  "top" [label="top\\nfinit\\na=\\"b c\\" <x> &amp; \\\\"];
  "soft" [label="soft\\nfinit", style="dashed"];
  "bad" [label="bad\\nit is blacklisted", color="gray60", fontcolor="gray60", style="dotted"];
  "weak" [label="weak\\nmay be asked for", color="gray60", fontcolor="gray60", style="dotted"];
  "asked nick" [label="nick\\nby ni*", shape="plaintext"];
  "top" -> "low" [];
  "top" -> "mid" [];
  "top" -> "soft" [label="softdep post", style="dashed"];
  "low" -> "weak" [label="weakdep", style="dotted"];
  "asked nick" -> "top" [label="alias", style="bold"];
  "asked nick" -> "bad" [label="alias", style="bold"];
}
`,
  );
  t.regex(graphMermaid(graph), /^flowchart TD\n {2}n0\["low<br\/>finit"\]:::act\n/);
  t.true(graphMermaid(graph).includes('\n  n2 -.->|"softdep post"| n3\n'));
  t.true(graphMermaid(graph).includes('\n  n1["mid<br/>finit"]:::blocked\n'));
});
