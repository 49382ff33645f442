import type { Manual } from './manual.ts';

/** kmod(8), as far as it is not one of the other tools. */
export const kmodManual: Manual = {
  name: 'kmod',
  purpose: 'kernel modules: list them, and the device nodes that load them',
  usage: ['[options] COMMAND [OPTIONS]'],
  about:
    'Commands:\nhelp: show this text\nlist: list the loaded modules, as lsmod does\nstatic-nodes: list the device nodes that load a module when they are opened\nThe other tools are programs of their own: modprobe, insmod, rmmod, lsmod, modinfo, depmod.',
  operands: ['help', 'list', 'static-nodes'],
  sections: [
    {
      title: 'Options',
      options: [
        ['-V, --version', 'show the version'],
        ['-h, --help', 'show this text'],
      ],
    },
  ],
};

/** `kmod static-nodes`. */
export const staticNodesManual: Manual = {
  name: 'static-nodes',
  purpose: 'list the device nodes that load a module when they are opened',
  usage: ['[options]'],
  about: 'Lists the device nodes that load a module when they are opened, for the running kernel.',
  operands: 'none',
  sections: [
    {
      title: 'Options',
      options: [
        [
          '-f, --format=FORMAT',
          'human: to be read by people (default); tmpfiles: for systemd-tmpfiles, see tmpfiles.d(5); devname: the form of modules.devname',
          ['human', 'tmpfiles', 'devname'],
        ],
        ['-o, --output=FILE', 'write to this file, whose folders are made', 'file'],
        ['-h, --help', 'show this text'],
      ],
    },
  ],
};
