import test from 'ava';

import { drawPlan, drawPlanSvg, plan } from '../../src/index.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

test('a plan is drawn as text and as SVG, with only direct dependencies', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      low: { path: 'low.ko' },
      mid: { path: 'mid.ko', needs: ['low'] },
      top: { path: 'top.ko', needs: ['mid', 'low'] },
    },
  });
  root.writeKernel([]);
  const place = { root: root.path, release: RELEASE };
  const parameters = 'text="<a>&"';
  const loadPlan = plan('top', { ...place, kernelRoot: root.path, configuration: false, parameters });
  const dot = drawPlan(loadPlan, 'dot', place);
  t.true(dot.includes('"top" -> "mid"') && dot.includes('"mid" -> "low"'), dot);
  t.false(dot.includes('"top" -> "low"'));
  t.true(drawPlan(loadPlan, 'dot', { root: '/nowhere', release: RELEASE }).includes('"top" -> "low"'));
  t.regex(drawPlan(loadPlan, 'mermaid', place), /^flowchart TD\n/);
  t.throws(() => drawPlan(loadPlan, 'png' as 'dot'), { instanceOf: TypeError, message: /"png"/ });
  t.throws(() => drawPlan(loadPlan, 'dot', { rot: '/' } as object), { message: /did you mean "root"/ });
  const svg = await drawPlanSvg(loadPlan, place);
  t.regex(svg, /<svg [^>]*>/);
  t.true(svg.includes('text=&quot;&lt;a&gt;&amp;&quot;') || svg.includes('text="&lt;a&gt;&amp;"'), svg);
  t.is(svg.match(/class="edge"/g)?.length, 2);
});
