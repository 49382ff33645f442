/** A small tree of modules with its configuration and a kernel: what `bundle-code.mjs` runs commands on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeIndex } from '../dist/src/index-files/index-writer.js';
import { moduleImage } from '../dist/test/fixtures/module-image.js';
import { appendSignature, signatureSample } from '../dist/test/fixtures/signature-samples.js';

export const RELEASE = '6.99.0';

/** Below /proc and /sys, too, there is only what is written here. */
export function writeSample(root) {
  writeIndexes(root);
  writeModules(root);
  const tree = `lib/modules/${RELEASE}`;
  put(
    root,
    `${tree}/modules.softdep`,
    '# soft\nsoftdep alpha pre: crypto-delta\nsoftdep beta post: epsilon\n',
  );
  put(root, `${tree}/modules.weakdep`, '# weak\nweakdep alpha delta\n');
  put(root, `${tree}/modules.devname`, '# devices\nbtrfs-control btrfs-control c10:234\n');
  put(root, `${tree}/modules.order`, 'kernel/alpha.ko\n');
  put(
    root,
    'etc/modprobe.d/some.conf',
    '# text\noptions alpha debug=1\nblacklist omega\nalias other alpha\noptions beta a=1 \\\n b=2\n',
  );
  put(root, 'proc/cmdline', 'root=/dev/sda ro quiet alpha.first=1\n');
  put(
    root,
    'proc/modules',
    'zeta 16384 0 - Live 0x0000000000000000\neta 16384 1 zeta, Live 0x0000000000000000\n',
  );
  put(root, 'proc/self/status', 'Name:\tnode\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n');
  put(root, 'proc/self/uid_map', '         0          0 4294967295\n');
  put(root, 'proc/sys/kernel/modules_disabled', '0\n');
  put(root, 'sys/module/module/parameters/sig_enforce', 'N\n');
  put(root, 'sys/kernel/security/lockdown', '[none] integrity confidentiality\n');
  put(root, 'sys/module/compression', 'xz\n');
  for (const name of ['zeta', 'eta']) put(root, `sys/module/${name}/initstate`, 'live\n');
}

function put(root, path, content) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
}

function writeIndexes(root) {
  const index = (name, entries) =>
    put(
      root,
      `lib/modules/${RELEASE}/modules.${name}.bin`,
      writeIndex(entries.map(([key, value], priority) => ({ key, value, priority }))),
    );
  index('dep', [
    ['alpha', 'kernel/alpha.ko: kernel/beta.ko kernel/gamma.ko.xz'],
    ['beta', 'kernel/beta.ko: kernel/gamma.ko.xz'],
    ['gamma', 'kernel/gamma.ko.xz:'],
    ['delta', 'kernel/delta.ko:'],
  ]);
  index('builtin', [['epsilon', '']]);
  index('alias', [
    ['pci:v00008086d0000153Asv*sd*bc*sc*i*', 'alpha'],
    ['pci:v00008086d0000153Bsv*sd*bc*sc*i*', 'beta'],
    ['crypto-delta', 'delta'],
    ['fs-[ab]*', 'beta'],
  ]);
  index('builtin.alias', [['platform:epsilon', 'epsilon']]);
  index('symbols', [
    ['symbol:alpha', 'alpha'],
    ['symbol:beta_call', 'beta'],
  ]);
}

// Signed as those of Debian are; what the signature is of does not matter.
function writeModules(root) {
  const kernelNeeds = [
    { name: '_printk', crc: 0x92997ed8 },
    { name: '__fentry__', crc: 0xbdfb6dbb },
  ];
  const needs = {
    alpha: [...kernelNeeds, { name: 'beta_call', crc: 0x1234 }],
    beta: kernelNeeds,
    delta: kernelNeeds,
  };
  for (const [name, list] of Object.entries(needs)) {
    const content = moduleImage({
      modinfo: [
        `name=${name}`,
        'license=GPL',
        `description=The module ${name}`,
        'firmware=some/file.bin',
        `alias=net-${name}`,
        ...(name === 'alpha' ? ['depends=beta'] : []),
        'parmtype=debug:int',
        'parm=debug:How much is told (int)',
        'retpoline=Y',
        'intree=Y',
        `vermagic=${RELEASE} SMP preempt mod_unload modversions `,
      ],
      needs: list,
      versions: [{ name: 'module_layout', crc: 0x5678 }],
      exports: [{ name: `${name}_call`, crc: 0x1234, gplOnly: true }],
      sections: [{ name: '.gnu.linkonce.this_module', data: Buffer.alloc(1024) }],
      locals: ['one', 'two'],
      buildId: '0123456789abcdef0123456789abcdef01234567',
    });
    put(root, `lib/modules/${RELEASE}/kernel/${name}.ko`, appendSignature(content, signatureSample('rsa')));
  }
  put(root, `lib/modules/${RELEASE}/kernel/gamma.ko.xz`, Buffer.from('fd377a585a000001', 'hex'));
}
