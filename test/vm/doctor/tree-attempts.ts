/** What is wrong with the tree of modules or the configuration, so that no call is made. */
import type { Attempt } from './attempt.ts';
import { FILES, type Material } from './material.ts';

const CONFIGURATION = '/etc/modprobe.d/no.conf';
const configured = (line: string): Pick<Attempt, 'prepare' | 'tidy'> => ({
  prepare: `mkdir -p /etc/modprobe.d; echo "${line}" >${CONFIGURATION}`,
  tidy: `rm ${CONFIGURATION}`,
});

/** Names that lead nowhere, or not to a load. */
export function treeAttempts({ place, release }: Material): readonly Attempt[] {
  const signed = place('not changed');
  const empty = `mount -t tmpfs none /lib/modules; cd /lib/modules; mkdir`;
  const folder = `/lib/modules/${release}`;
  const index = `${folder}/modules.dep.bin`;
  const instead = (command: string): Pick<Attempt, 'kind' | 'target' | 'prepare' | 'tidy'> => ({
    kind: 'modprobe',
    target: 'dummy',
    prepare: command,
    tidy: 'umount -l /lib/modules',
  });
  return [
    { title: 'no such module', cause: 'not-found', kind: 'modprobe', target: 'no_such_module' },
    {
      title: 'a module that depmod has not seen',
      cause: 'indexes-stale',
      kind: 'modprobe',
      target: 'unseen',
      prepare: `mkdir -p ${folder}/extra; cp ${signed} ${folder}/extra/unseen.ko`,
    },
    {
      title: 'forbidden by the configuration',
      cause: 'command-failed',
      before: 'install-command',
      kind: 'modprobe',
      target: 'dummy',
      ...configured('install dummy /bin/false'),
    },
    {
      title: 'a dependency that is forbidden',
      cause: 'command-failed',
      before: 'install-command',
      kind: 'modprobe',
      target: 'vxlan',
      ...configured('install udp_tunnel /bin/false'),
    },
    {
      title: 'an alias of a blacklisted module, which is left out without an error',
      cause: null,
      before: 'config-blacklist',
      kind: 'modprobe',
      target: 'rtnl-link-dummy',
      ...configured('blacklist dummy'),
    },
    {
      title: 'a dependency that is blacklisted, where blacklists hold for all',
      cause: 'config-blacklist',
      before: 'none',
      kind: 'modprobe',
      target: 'vxlan',
      options: { blacklist: 'all' },
      ...configured('blacklist udp_tunnel'),
    },
    { title: 'modules of another release only', cause: 'wrong-release', ...instead(`${empty} 5.0.0`) },
    { title: 'no modules at all', cause: 'no-module-folder', ...instead(`${empty} -p .`) },
    {
      title: 'no indexes',
      cause: 'indexes-missing',
      ...instead(`${empty} -p ${folder}/kernel; cp ${FILES}/not-changed/dummy.ko ${folder}/kernel`),
    },
    {
      title: 'empty indexes',
      cause: 'indexes-empty',
      ...instead(
        `${empty} -p ${folder}/kernel; cp ${FILES}/not-changed/dummy.ko ${folder}/kernel; : >${index}`,
      ),
    },
    {
      title: 'a damaged index',
      cause: 'indexes-damaged',
      ...instead(
        `cp ${index} /index; ${empty} -p ${folder}; dd if=/index of=${index} bs=1000 count=1; for name in alias softdep symbols builtin; do cp ${index} ${folder}/modules.$name.bin; done`,
      ),
    },
  ];
}
