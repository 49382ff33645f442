import test from 'ava';

import { readModprobeConfiguration } from '../../src/config.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

test('configuration of a root: its folders, its tree, its kernel', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.write('etc/modprobe.d/a.conf', 'options m a=1\n');
  root.write(`lib/modules/${RELEASE}/modules.weakdep`, 'weakdep m n\n');
  root.write('proc/cmdline', 'modprobe.blacklist=m-n\n');
  const place = { root: root.path, release: RELEASE, kernelRoot: root.path };
  const found = readModprobeConfiguration(place);
  t.deepEqual(found.files, [
    `${root.path}/etc/modprobe.d/a.conf`,
    `${root.path}/lib/modules/${RELEASE}/modules.weakdep`,
    `${root.path}/proc/cmdline`,
  ]);
  t.is(found.options[0]?.text, 'a=1');
  t.is(found.blacklist[0]?.module, 'm_n');
  t.is(readModprobeConfiguration({ ...place, compat: true }).blacklist[0]?.module, 'm-n');
  const none = readModprobeConfiguration({ ...place, config: [], kernelCommandLine: false });
  t.deepEqual([none.files.length, none.options, none.blacklist], [1, [], []]);
});

test('configuration: wrong arguments', (t) => {
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [{ conifg: [] }, /did you mean "config"/],
    [{ config: 1 }, /"options.config" argument must be of type string or array/],
    [{ config: [1] }, /"options.config.0." argument must be a path/],
    [{ compat: 'kmod' }, /"options.compat" argument must be of type boolean/],
    [{ kernelCommandLine: 0 }, /of type boolean/],
    [null, /"options" argument must be an object/],
  ];
  for (const [options, message] of rows)
    t.throws(() => readModprobeConfiguration(options as object), { instanceOf: TypeError, message });
});
