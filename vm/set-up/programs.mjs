import fs from 'fs';

import { findProgram, runStep, SetUpFailure } from './step.mjs';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What has to be there, by use: how to see it, and which Debian package has it. */
const needs = {
  vm: [
    {
      name: 'qemu-system-x86_64',
      package: 'qemu-system-x86',
      isThere: () => Boolean(process.env.KMODCTL_VM_QEMU),
    },
    { name: 'xz', package: 'xz-utils' },
    { name: 'zstd', package: 'zstd' },
    { name: 'strip', package: 'binutils' },
    { name: keyring, package: 'debian-archive-keyring', isThere: () => fs.existsSync(keyring) },
  ],
  compiler: [
    { name: 'g++', package: 'g++' },
    { name: 'make', package: 'make' },
    { name: 'python3', package: 'python3' },
  ],
};

/** Installs the programs that are missing if that can be done here, else says how to. */
export function requirePrograms(uses) {
  if (process.platform !== 'linux')
    throw new SetUpFailure(
      'The VM harness and the system calls need Linux; this is ' + process.platform + '.',
    );
  if (findProgram('apt-get') === undefined || findProgram('dpkg-deb') === undefined) requireAptOrOwnKernel();
  const missing = [].concat(...uses.map((use) => needs[use])).filter((need) => !isThere(need));
  if (missing.length === 0) return;
  const names = missing.map((need) => need.name).join(', ');
  const packages = missing.map((need) => need.package);
  const install = 'apt-get install -y --no-install-recommends ' + packages.join(' ');
  if (findProgram('apt-get') === undefined)
    throw new SetUpFailure(
      'Missing: ' +
        names +
        ".\nInstall them with this system's package manager (Debian's packages: " +
        packages.join(', ') +
        ').',
    );
  if (process.getuid() !== 0)
    throw new SetUpFailure('Missing: ' + names + '.\nInstall with: sudo ' + install);
  installPackages(packages, install);
  const still = missing.filter((need) => !isThere(need));
  if (still.length > 0)
    throw new SetUpFailure(
      still
        .map((need) => need.package + ' was installed, but ' + need.name + ' is still not there')
        .join('\n'),
    );
}

function isThere(need) {
  return (need.isThere !== undefined && need.isThere()) || findProgram(need.name) !== undefined;
}

function requireAptOrOwnKernel() {
  if (process.env.KMODCTL_VM_KERNEL) return;
  throw new SetUpFailure(
    'apt-get and dpkg-deb were not found. Stock kernels are fetched as Debian packages: work on Debian or Ubuntu,\n' +
      'or name a kernel of your own: KMODCTL_VM_KERNEL=vmlinuz:modules-dir.',
  );
}

/** Package lists may be missing (container images have none) or too old; then they are fetched first. */
function installPackages(packages, install) {
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const command = { command: 'apt-get', parameters: install.split(' ').slice(1), environment };
  const update = { command: 'apt-get', parameters: ['update'], environment };
  const title = 'Installing ' + packages.join(', ') + ' (apt-get)';
  if (!hasPackageLists()) return runStep(title, [update, command]);
  try {
    runStep(title, [command]);
  } catch (error) {
    if (!(error instanceof SetUpFailure)) throw error;
    runStep('Once more with fresh package lists', [update, command]);
  }
}

function hasPackageLists() {
  try {
    return fs.readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}
