import test from 'ava';
import { aptFailure, unreachableHost } from '../../vm/packages/apt-failure.ts';
import { sourceLines } from '../../vm/packages/apt-configuration.ts';
import { parsePackageRecords } from '../../vm/packages/control-record.ts';
import { compareDebianVersions } from '../../vm/packages/debian-version.ts';
import { mirrorsOf } from '../../vm/packages/mirror.ts';
import { newest, type PackageLookup, selectPackages } from '../../vm/packages/package-selection.ts';
import { VmError, type VmErrorCode } from '../../vm/vm-error.ts';

// Shortened output of `apt-cache show` for a suite with its security updates: two versions of the meta package.
const whole = `Package: linux-image-amd64
Source: linux-signed-amd64 (6.1.176+1)
Version: 6.1.176-1
Architecture: amd64
Depends: linux-image-6.1.0-50-amd64 (= 6.1.176-1)
Description: Linux for 64-bit PCs (meta-package)
 This package depends on the latest Linux kernel and modules for use on PCs.
Size: 1480

Package: linux-image-amd64
Version: 6.1.192-2
Architecture: amd64
Depends: linux-image-6.1.0-56-amd64 (= 6.1.192-2)
Size: 1484

Package: linux-image-6.1.0-56-amd64
Version: 6.1.192-2
Architecture: amd64
Depends: kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool
Size: 70550672
`;

// The same of a suite in which image and modules are packages of their own.
const split = `Package: linux-image-amd64
Version: 7.3.4-1~bpo13+1
Architecture: amd64
Depends: linux-base-amd64 (= 7.3.4-1~bpo13+1), linux-image-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1), linux-modules-amd64 (= 7.3.4-1~bpo13+1)

Package: linux-image-7.3.4+deb13-amd64
Version: 7.3.4-1~bpo13+1
Architecture: amd64
Depends: dracut | initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool, linux-base-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1),
 linux-binary-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1), linux-modules-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)
Size: 1900

Package: linux-base-7.3.4+deb13-amd64
Version: 7.3.4-1~bpo13+1
Architecture: amd64
Size: 1084920

Package: linux-binary-7.3.4+deb13-amd64
Version: 7.3.4-1~bpo13+1
Architecture: amd64
Depends: linux-base-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)
Size: 14104700

Package: linux-modules-7.3.4+deb13-amd64
Version: 7.3.4-1~bpo13+1
Architecture: amd64
Pre-Depends: dpkg (>= 1.20)
Depends: kmod, linux-base-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)
Size: 106862204
`;

const imagePattern = /^linux-(image|modules|binary|base)-[0-9].*-amd64$/;

function lookupIn(text: string): PackageLookup {
  const records = parsePackageRecords(text);
  return async (name) => records.filter((record) => record.name === name);
}

test('records: fields, folded lines, dependencies with their first alternative', (t) => {
  const records = parsePackageRecords(split);
  t.is(records.length, 5);
  t.deepEqual(records[1], {
    name: 'linux-image-7.3.4+deb13-amd64',
    version: '7.3.4-1~bpo13+1',
    architecture: 'amd64',
    size: 1900,
    depends: [
      { name: 'dracut', version: undefined },
      { name: 'linux-base-7.3.4+deb13-amd64', version: '7.3.4-1~bpo13+1' },
      { name: 'linux-binary-7.3.4+deb13-amd64', version: '7.3.4-1~bpo13+1' },
      { name: 'linux-modules-7.3.4+deb13-amd64', version: '7.3.4-1~bpo13+1' },
    ],
  });
  t.deepEqual(records[4]?.depends[0], { name: 'dpkg', version: undefined });
  t.deepEqual(parsePackageRecords(''), []);
  t.deepEqual(parsePackageRecords('N: Unable to locate package foo\n\nPackage: only-a-name\n'), []);
});

test('selection: one package, of the newest version of the meta package', async (t) => {
  const packages = await selectPackages(lookupIn(whole), 'linux-image-amd64', imagePattern);
  t.deepEqual(
    packages.map(({ name, version }) => [name, version]),
    [['linux-image-6.1.0-56-amd64', '6.1.192-2']],
  );
});

test('selection: a kernel that is spread over four packages, each taken once', async (t) => {
  const packages = await selectPackages(lookupIn(split), 'linux-image-amd64', imagePattern);
  t.deepEqual(
    packages.map(({ name }) => name.replace('-7.3.4+deb13-amd64', '')),
    ['linux-image', 'linux-base', 'linux-binary', 'linux-modules'],
  );
});

test('selection: what is missing is named', async (t) => {
  const missingMeta = selectPackages(lookupIn(whole), 'linux-image-arm64', imagePattern);
  await t.throwsAsync(missingMeta, { code: 'ERR_KMOD_VM_PACKAGES', message: /linux-image-arm64 is not in/ });
  const renamed = selectPackages(lookupIn(whole), 'linux-image-amd64', /^vmlinux-/);
  await t.throwsAsync(renamed, { message: /linux-image-amd64 6\.1\.192-2 .* \^vmlinux-.*kernels\.json/ });
  const gone = whole.replace('Package: linux-image-6.1.0-56-amd64', 'Package: other');
  const lost = selectPackages(lookupIn(gone), 'linux-image-amd64', imagePattern);
  await t.throwsAsync(lost, { message: /linux-image-6\.1\.0-56-amd64 \(= 6\.1\.192-2\) is not in/ });
  t.is(newest([]), undefined);
});

// Each list is in ascending order; the examples of deb-version(7) are among them.
for (const versions of [
  ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0-1', '1.0a', '1.0+b', '1.0.1'],
  ['6.1.99-1', '6.1.176-1', '6.1.192-2', '6.12.107-1', '6.12.117-1'],
  ['7.3.4-1~bpo13+1', '7.3.4-1', '7.3.4-1+b1'],
  ['9.9-9', '1:0.1-1', '1:1.2-1', '2:0'],
  ['30+20221128-1', '34.2-2'],
])
  test(`versions ascend: ${versions.join(' < ')}`, (t) => {
    for (const [row, a] of versions.entries())
      for (const [column, b] of versions.entries())
        t.is(Math.sign(compareDebianVersions(a, b)), Math.sign(row - column), `${a} and ${b}`);
  });

test('versions that are written differently may be the same', (t) => {
  t.is(compareDebianVersions('1.0', '0:1.0'), 0);
  t.is(compareDebianVersions('1.01', '1.1'), 0);
});

test('mirrors: from deb822 and one-line sources, third parties left aside', (t) => {
  const deb822 = 'Types: deb\nURIs: http://mirror.example/debian/ http://b.example/debian\nSuites: trixie\n';
  const oneLine =
    '# deb http://old.example/debian trixie main\n' +
    'deb https://packages.example.com/apt stable main\n' +
    'deb [arch=amd64 signed-by=/x] https://sec.example/debian-security trixie-security main\n';
  t.deepEqual(mirrorsOf([oneLine, deb822]), {
    main: 'http://mirror.example/debian',
    security: 'https://sec.example/debian-security',
  });
  const defaults = {
    main: 'http://deb.debian.org/debian',
    security: 'http://deb.debian.org/debian-security',
  };
  t.deepEqual(mirrorsOf([]), defaults);
  t.deepEqual(
    mirrorsOf(['deb http://archive.ubuntu.com/ubuntu noble main\ndeb cdrom:[x]/debian y main']),
    defaults,
  );
});

test('sources: security suites come from the security archive, all are checked by the keyring', (t) => {
  const lines = sourceLines(['trixie', 'trixie-security'], {
    main: 'http://m/debian',
    security: 'http://s/debian-security',
  });
  t.is(
    lines,
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian trixie main\n' +
      'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://s/debian-security trixie-security main\n',
  );
});

const failures: readonly { stderr: string; code: VmErrorCode; message: RegExp }[] = [
  {
    stderr:
      "W: Failed to fetch http://deb.debian.org/debian/dists/trixie/InRelease  Temporary failure resolving 'deb.debian.org'\n" +
      'W: Some index files failed to download. They have been ignored, or old ones used instead.\n',
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /^No network while working: deb\.debian\.org cannot be reached/,
  },
  {
    stderr:
      'W: Failed to fetch http://deb.debian.org/x  Could not connect to 127.0.0.1:1 (127.0.0.1). - connect (111: Connection refused)\n',
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /127\.0\.0\.1 cannot be reached/,
  },
  {
    stderr: "E: You don't have enough free space in /var/cache/x/.\n",
    code: 'ERR_KMOD_VM_NO_ROOM',
    message: /No room left in \/cache\. .*KMODCTL_CACHE/,
  },
  {
    stderr: 'tar: ./usr/lib/x: Cannot write: No space left on device\ntar: Exiting with failure status\n',
    code: 'ERR_KMOD_VM_NO_ROOM',
    message: /No room left in \/cache/,
  },
  {
    stderr: 'E: Could not open lock file /x/lists/lock - open (13: Permission denied)\n',
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /No permission to write in \/cache/,
  },
  {
    stderr:
      "W: GPG error: http://deb.debian.org/debian trixie InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 6ED0E7B82643E131\n" +
      "E: The repository 'http://deb.debian.org/debian trixie InRelease' is not signed.\n",
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /signature could not be checked.*debian-archive-keyring.*E: The repository/s,
  },
  {
    stderr: 'E: Release file for http://x/InRelease is not valid yet (invalid for another 3h 2min 1s).\n',
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /set the clock/,
  },
  {
    stderr: "Reading package lists...\nE: Version '1' for 'linux-headers-x' was not found\n",
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /^apt failed while working\.\n {2}E: Version '1' for 'linux-headers-x' was not found$/,
  },
];
for (const { stderr, code, message } of failures)
  test(`a failed apt is explained: ${message.source}`, (t) => {
    const error = aptFailure({ action: 'working', stderr, directory: '/cache' });
    t.true(error instanceof VmError);
    t.is(error.code, code);
    t.regex(error.message, message);
  });

test('the unreachable host is found in what apt writes, and not where there is none', (t) => {
  t.is(unreachableHost("Err:1 http://a\n  Could not resolve 'proxy.example'\n"), 'proxy.example');
  t.is(unreachableHost('E: Cannot initiate the connection to m.example:80 (2a04::1).'), 'm.example');
  t.is(unreachableHost('E: Unable to locate package foo'), undefined);
});
