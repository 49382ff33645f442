import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

test('-c prints configuration and indexes, each directive in a form that can be read back', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { a: { path: 'a.ko' } },
    aliases: [
      ['pci:v*', 'a'],
      ['of:x', 'a'],
    ],
    symbols: [['run', 'a']],
  });
  root.write(
    'etc/modprobe.d/x.conf',
    'softdep a-b pre: c d-e post: f\nsoftdep none x\nweakdep a b\nbogus\ninstall a b  $CMDLINE_OPTS\nblacklist a\n',
  );
  root.write('proc/cmdline', 'm-x.y=é modprobe.blacklist=q-r');
  const place = ['-d', root.path, '-S', RELEASE];
  const text = `blacklist a
blacklist q_r
install a b  $CMDLINE_OPTS
options m_x y=é
softdep a_b pre: c d-e post: f
softdep none 
weakdep a b

# End of configuration files. Dumping indexes now:

alias of:x a
alias pci:v* a
alias symbol:run a
`;
  const stderr = `libkmod: ERROR: kmod_config_parse: ${root.path}/etc/modprobe.d/x.conf line 4: ignoring bad line starting with 'bogus'\n`;
  // Other kinds of work, and what they would be done to, give way to it.
  for (const line of [['-c'], ['-q', '-c', '-r', 'none'], ['--showconfig', 'x', 'y=1']])
    t.deepEqual(await runCli(root, ['modprobe', ...place, ...line]), {
      exitCode: 0,
      stdout: text,
      stderr,
      calls: [],
    });
  const compat = await runCli(root, ['modprobe', ...place, '-c', '--compat=kmod']);
  t.is(compat.stdout, text.replace('d-e post', 'd-epost').replace('q_r', 'q-r'));
});
