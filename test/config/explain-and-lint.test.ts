import test from 'ava';

import { type Explanation, explanationText } from '../../src/config/explanation.ts';
import {
  findingText,
  type LintFinding,
  type ModuleFacts,
  parameterNames,
} from '../../src/config/lint-finding.ts';
import { parseModprobeConfiguration } from '../../src/config/modprobe-config-reader.ts';
import { explainModprobeConfiguration } from '../../src/config/modprobe-explanation.ts';
import { lintModprobeConfiguration } from '../../src/config/modprobe-lint.ts';
import { explainModulesConf } from '../../src/config/modules-conf/explain.ts';
import { lintModulesConf } from '../../src/config/modules-conf/lint.ts';
import type { ModulesConfiguration } from '../../src/config/modules-conf/model.ts';
import { parseModulesConf } from '../../src/config/modules-conf/read-modules-conf.ts';

const conf = (text: string): ModulesConfiguration =>
  parseModulesConf(text, { file: 'm', release: '6.1', environment: {} });
const modprobe = (text: string): ReturnType<typeof parseModprobeConfiguration> =>
  parseModprobeConfiguration(text, { file: 'd' });
const marks = ({ lines }: Explanation): readonly string[] =>
  lines.map(({ effect, origin }) => `${effect} ${origin.line}`);
const codes = (findings: readonly LintFinding[]): readonly string[] =>
  findings.map(({ line, code, severity }) => `${line} ${severity} ${code}`);

const facts: ModuleFacts = {
  hasModule: (name) => ['dummy', 'loop', 'crc8', 'snd_a'].includes(name),
  isAlias: (name) => name === 'snd_any',
  parameters: (name) =>
    name === 'dummy' ? ['numdummies'] : name === 'loop' ? ['max-loop', 'max_part'] : undefined,
  dependents: (name) => (name === 'crc8' ? ['dummy', 'loop'] : []),
};

test('modules.conf: every line that touches a name, its aliases and their module', (t) => {
  const explained = explainModulesConf(
    conf(
      'alias eth0 off\nalias eth0 net\nalias net dummy\noptions dummy a=1\noptions dummy b=2\nadd options dummy \\\n c=3\nif 0\noptions eth0 d=4\nendif\npre-install dummy one\npre-install dummy two\nabove loop dummy\nprobe any tulip eth0\nalias other x\ndefine dummy y\n',
    ),
    'eth0',
  );
  t.deepEqual(explained.modules, ['dummy']);
  t.deepEqual(marks(explained), [
    'overruled 1',
    'counts 2',
    'counts 3',
    'overruled 4',
    'counts 5',
    'counts 7',
    'inactive 9',
    'counts 11',
    'overruled 12',
    'mentions 13',
    'mentions 14',
    'counts 16',
  ]);
  t.is(
    explanationText({ ...explained, lines: explained.lines.slice(0, 4) }),
    `eth0 is dummy
- m:1: alias eth0 off  (replaced by m:2)
* m:2: alias eth0 net
* m:3: alias net dummy
- m:4: options dummy a=1  (replaced by m:5)
`,
  );
  t.deepEqual(explainModulesConf(conf('alias a off\n'), 'a').modules, ['off']);
  t.is(explanationText(explainModulesConf(conf(''), 'q')), 'q\n  no line touches it\n');
});

test('modprobe.d: every line that touches a name', (t) => {
  const configuration = modprobe(
    'alias net-* dummy\nblacklist dummy\noptions dummy a=1\noptions net-* b=2\noptions other c=3\ninstall d* one\ninstall dummy two\nsoftdep dummy pre: crc8\nsoftdep dummy post: loop\nsoftdep loop pre: dummy\nweakdep dummy x\nalias second dummy\nremove dummy three\n',
  );
  const explained = explainModprobeConfiguration(configuration, 'net-0');
  t.deepEqual(explained.modules, ['dummy']);
  t.deepEqual(marks(explained), [
    'counts 1',
    'counts 2',
    'counts 3',
    'counts 4',
    'counts 6',
    'overruled 7',
    'counts 8',
    'counts 9',
    'mentions 10',
    'counts 11',
    'mentions 12',
    'counts 13',
  ]);
  const compat = explainModprobeConfiguration(configuration, 'dummy', { compat: true });
  t.deepEqual(marks(compat).slice(0, 3), ['mentions 1', 'mentions 2', 'counts 3']);
  t.true(marks(compat).includes('overruled 9'));
  t.deepEqual(explainModprobeConfiguration(configuration, 'pci:x', { modules: ['loop'] }).modules, ['loop']);
});

test('lint of modprobe.d', (t) => {
  const text = [
    'alias a off',
    'alias b c',
    'alias c dummy',
    'alias d nosuch',
    'options dummy numdumies=2 numdummies=1',
    'options loop max_loop=1 x="a b"',
    'options nosuch x=1',
    'options snd-any x=1',
    'blacklist crc8',
    'blacklist nosuch',
    'install loop /bin/true',
    'install crc8 /sbin/modprobe crc8',
    'install snd-a modprobe x; /sbin/modprobe --ignore-install snd-a',
    'install loop x',
    'softdep loop pre: dummy',
    'softdep dummy pre: crc8 post: nosuch',
    'softdep crc8 pre: loop',
    'softdep snd_a',
    'softdep snd_a none',
    'bogus',
    'install pci:* /bin/true',
  ].join('\n');
  t.deepEqual(codes(lintModprobeConfiguration(modprobe(text), facts)), [
    '1 error alias-off',
    '2 warning alias-of-alias',
    '4 warning dead-alias',
    '5 warning unknown-parameter',
    '6 warning unknown-parameter',
    '7 warning unknown-module',
    '9 warning blacklist-needed',
    '10 warning unknown-module',
    '11 warning hides-failure',
    '12 error endless-command',
    '14 warning overruled-command',
    '15 warning softdep-and-install',
    '15 warning softdep-cycle',
    '16 warning unknown-module',
    '16 warning softdep-cycle',
    '17 warning softdep-and-install',
    '17 warning softdep-cycle',
    '18 error bad-line',
    '19 warning empty-softdep',
    '19 warning softdep-and-install',
    '20 error bad-line',
  ]);
  const cycle = lintModprobeConfiguration(modprobe(text)).find(({ code }) => code === 'softdep-cycle');
  t.is(
    findingText(cycle ?? (null as never)),
    'd:15: warning: soft dependencies lead back to where they began: loop → dummy → crc8 → loop (softdep-cycle)\n    Remove one of these lines.\n',
  );
  t.deepEqual(
    lintModprobeConfiguration(modprobe('options dummy numdumies=2\n'), facts).map(({ remedy }) => remedy),
    ['Did you mean numdummies?'],
  );
  t.deepEqual(
    codes(lintModprobeConfiguration({ ...modprobe(''), hidden: [{ path: '/a/x.conf', by: '/b/x.conf' }] })),
    ['null warning hidden-file'],
  );
  t.deepEqual(parameterNames('a="b c" d-e f="g'), ['a', 'd_e', 'f']);
});

test('lint of modules.conf', (t) => {
  const text =
    'alias eth0 dummy\nalias eth0 nosuch\noptions dummy x=1\noptions dummy debug\npre-install dummy a\npre-install dummy b\nalias usbdevfs usbcore\nabove dummy snd-a nosuch2\nprobe card loop\nalias c card\nbogus\nalias off-card off\n';
  t.deepEqual(codes(lintModulesConf(conf(text), facts)), [
    '1 warning overruled-line',
    '2 warning unknown-module',
    '3 warning overruled-line',
    '4 warning option-dropped',
    '6 warning command-never-run',
    '7 warning nobody-asks',
    '7 warning unknown-module',
    '8 warning unknown-module',
    '11 error invalid-line',
  ]);
  t.false(codes(lintModulesConf(conf(text))).some((code) => code.includes('unknown-module')));
});
