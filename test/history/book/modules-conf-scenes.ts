/** The configuration of the book's time, by which today's kernel loads. */
import { BOOK, type Scene } from '../scene.ts';

const FILE = `# As the book has it, but for the hardware.
alias eth0 dummy
options dummy numdummies=2
pre-install dummy echo dummy comes
post-install dummy echo dummy is there
alias parport_lowlevel parport_pc
pre-install pcmcia_core /etc/rc.d/init.d/pcmcia start
alias scsi_hostadapter aic7xxx
keep
path[misc]=${BOOK}/misc
`;

export const modulesConfScenes: readonly Scene[] = [
  {
    name: 'modules-conf',
    title: 'a modules.conf of 2001',
    async play({ t, run, vm }) {
      await vm.writeFile(`${BOOK}/modules.conf`, FILE);
      await run('mkdir misc; cp asker.ko misc; cat modules.conf');
      const loading = await run('modprobe --modules-conf=modules.conf -v eth0');
      t.regex(loading, /dummy comes\n[^]*insmod .*dummy\.ko\S* numdummies=2[^]*dummy is there\n/);
      t.regex(await run('ls /sys/class/net'), /dummy0\s+dummy1/);
      t.regex(await run('modprobe --modules-conf=modules.conf -v asker'), /misc\/asker\.ko/);
      await run('rmmod asker dummy');
      t.regex(await run('modprobe -c --modules-conf=modules.conf | head -n 20'), /^alias eth0 dummy$/m);
      await run('kmodctl config --modules-conf=modules.conf explain pcmcia_core');
      await run('kmodctl config --modules-conf=modules.conf lint');
      await run('kmodctl config --modules-conf=modules.conf convert');
    },
  },
];
