import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { kernelEnvironment, kernelRequest } from '../../src/demand/kernel-request.ts';
import { escapedName, requestNameFault } from '../../src/demand/request-name.ts';
import { referenceTree } from '../reference/reference-tree.ts';

const asked = [
  'char-major-240-7',
  'char-major-240',
  'char-major-10-222',
  'block-major-240-7',
  'block-major-2',
  'net-pf-3',
  'net-pf-2-proto-132-type-5',
  'net-pf-16-proto-13',
  'net-pf-16-proto-16-family-nl80211',
  'binfmt-00b3',
  'binfmt-beba',
  'tty-ldisc-23',
  'fs-foofs',
  'fs-fuse',
  'netdev-foo0',
  'foo0',
  'tcp_foocc',
  'symbol:ime_string',
  'crypto-xts(aes)',
  'crypto-authenc(hmac(sha1),cbc(aes))',
  'crypto-xts(aes)-all',
  'parport_lowlevel',
  'ppp-compress-21',
  'md-level-5',
  'snd-card-0',
  'nls_iso8859-1',
  'rtnl-link-dummy',
  'rpc-auth-gss-1.2.840.113554.1.2.2',
  'ledtrig:phy0rx',
  'netdev-eth0.5',
  'netdev-br-lan',
  'ip_set_hash:ip',
  'of:NsoundT(null)Cfsl,imx-audio',
  'i2c:tda9887',
  'snd-hda-intel',
  'dm-cache-smq',
  '8021q',
  '_x',
];

test('every name that kernels ask for passes', (t) => {
  for (const name of asked) t.is(requestNameFault(name), undefined, name);
});

for (const version of ['6.1', '6.12'])
  test(`${version}: every module, and every alias that request_module() leads to, passes`, async (t) => {
    const { directory } = await referenceTree(version);
    const lines = (file: string): readonly string[] =>
      readFileSync(join(directory, file), 'utf8').split('\n');
    const aliases = lines('modules.alias').flatMap((line) => /^alias (\S+) /.exec(line)?.[1] ?? []);
    // The others are names of devices, which udev looks up; the * of the rest is a number in a request.
    const requests = aliases
      .filter((alias) => !/^(?:[a-z0-9-]+\*?:|mdio:|devname:)/.test(alias))
      .map((alias) => alias.replaceAll(/[*?]/g, '7'));
    const modules = lines('modules.dep').flatMap((line) => /([^/]+)\.ko[^/:]*:/.exec(line)?.[1] ?? []);
    t.true(requests.length > 1000 && modules.length > 3500, `${requests.length} ${modules.length}`);
    for (const name of [...requests, ...modules]) t.is(requestNameFault(name), undefined, name);
  });

const hostile: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['-C/tmp/x', /dash/],
  ['--show-depends', /dash/],
  ['fmt-for-feature-1\n', /control/],
  ['a\0b', /control/],
  ['a\x1b[2J', /control/],
  ['a\x7f', /control/],
  ['../../tmp/evil', /path/],
  ['/tmp/evil.ko', /path/],
  ['./evil.ko', /path/],
  ['.hidden', /path/],
  ['a..b', /path/],
  ['fs-a/b', /path/],
  ['netdev-a=b', /equals/],
  [';reboot', /shell/],
  ['$(reboot)', /shell/],
  ['`reboot`', /shell/],
  ['a|b', /shell/],
  ['a&b', /shell/],
  ['a>b', /shell/],
  ['<a', /shell/],
  ['"a', /shell/],
  ["a'b", /shell/],
  ['a b', /shell/],
  ['a\\b', /shell/],
  ['pci:v*', /shell/],
  ['fs-?', /shell/],
  ['[ab]', /shell/],
  ['{a,b}', /shell/],
  ['~root', /shell/],
  ['a#b', /shell/],
  ['a!b', /shell/],
  ['a%sb', /shell/],
  ['fs-é', /no request/],
  ['\ufffd', /no request/],
  ['a'.repeat(64), /more than 63/],
];

test('what could be an option, a path, a pattern, an assignment or words for a shell is refused', (t) => {
  for (const [name, words] of hostile) t.regex(requestNameFault(name) ?? '', words, JSON.stringify(name));
  t.is(requestNameFault('a'.repeat(63)), undefined);
});

test('a name in a log is printable, one line, quoted and short', (t) => {
  t.is(escapedName('a"\\\n\x1b[é'), String.raw`a\x22\x5c\x0a\x1b[\xc3\xa9`);
  t.is(escapedName('x'.repeat(300)), `${'x'.repeat(80)}...`);
  for (const [name] of hostile) t.regex(escapedName(name), /^[ -~]*$/);
});

test('a call by the kernel is told by its environment and its form', (t) => {
  const call = ['-q', '--', 'net-pf-3'];
  t.like(kernelRequest(call, kernelEnvironment), {
    name: 'net-pf-3',
    options: ['--safe', '-q', '--'],
    fault: undefined,
  });
  t.like(kernelRequest(call, {}), { name: 'net-pf-3' });
  t.is(kernelRequest(call, { ...kernelEnvironment, SHLVL: '1' }), undefined);
  t.is(kernelRequest(call, { ...kernelEnvironment, PATH: '/tmp' }), undefined);
  t.is(kernelRequest(call, { ...kernelEnvironment, constructor: 'x' }), undefined);
  t.is(kernelRequest(['net-pf-3'], kernelEnvironment), undefined, 'a script with an empty environment');
  t.is(kernelRequest(['-c'], {}), undefined);
  t.is(kernelRequest(['-r', '--', 'a'], {}), undefined, 'not as the kernel calls');
  t.like(kernelRequest(['-s', '-k', '--', 'a'], {}), { name: 'a' }, 'Linux 2.4');
  t.is(kernelRequest(['--', 'a', 'b'], kernelEnvironment), undefined);
  // Whatever stands behind -- is the name, and it alone.
  t.regex(kernelRequest(['-q', '--', '--'], {})?.fault ?? '', /dash/);
  t.regex(kernelRequest(['-q', '--', '-r'], {})?.fault ?? '', /dash/);
});

test('--safe says the same in any environment', (t) => {
  const env = { PATH: '/tmp', SHLVL: '1' };
  t.like(kernelRequest(['--safe', '-q', '--', 'a'], env), {
    name: 'a',
    options: ['--safe', '-q', '--'],
    fault: undefined,
  });
  for (const words of [['a'], ['--', 'a', 'b'], ['--'], []])
    t.is(kernelRequest(['--safe', ...words], env)?.fault, 'a request is one name behind --', words.join(' '));
  t.is(kernelRequest(['--', '--safe'], env), undefined);
  t.is(kernelRequest(['--compat=kmod', '-q', '--', '-x'], {}), undefined, 'kmod has no safe mode');
});
