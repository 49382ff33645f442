import { basename, dirname } from 'node:path';

import type { UseScene } from './use-scene.ts';

/** How a device leads to the module that is asked about. */
export interface DeviceOwner {
  /** `driver`: /sys links to it. `alias`: the module has the alias of the device's number. `name`: by the device's name. */
  readonly by: 'driver' | 'alias' | 'name';
  readonly source: string;
}

/** Modules of devices that have no link to them and no alias of their number: class of /sys, name of the device, module. */
const namedDevices: readonly (readonly [string, RegExp, readonly string[]])[] = [
  ['input', /^event\d+$/, ['evdev']],
  ['input', /^js\d+$/, ['joydev']],
  ['input', /^mouse\d+$|^mice$/, ['mousedev']],
  ['sound', /^pcmC/, ['snd_pcm']],
  ['sound', /^control|^snd/, ['snd']],
  ['sound', /^midi/, ['snd_rawmidi']],
  ['sound', /^hw/, ['snd_hwdep']],
  ['sound', /^timer$/, ['snd_timer']],
  ['sound', /^seq$/, ['snd_seq']],
  ['hidraw', /./, ['hid']],
  ['scsi_generic', /./, ['sg']],
  ['i2c-dev', /./, ['i2c_dev']],
  ['video4linux', /./, ['videodev']],
  ['ppp', /./, ['ppp_generic']],
  ['misc', /^kvm$/, ['kvm_intel', 'kvm_amd', 'kvm']],
  ['block', /^dm-\d+$/, ['dm_mod']],
  ['block', /^md\d+|^md_/, ['md_mod']],
  ['block', /^ram\d+$/, ['brd']],
  ['block', /^nullb\d+$/, ['null_blk']],
  ['block', /^sd[a-z]+\d*$/, ['sd_mod']],
  ['block', /^sr\d+$/, ['sr_mod']],
  ['block', /^nvme/, ['nvme', 'nvme_core']],
];

/**
 * Whether a device belongs to the module, and how that is known; undefined where it does not as far as anything tells.
 *
 * @param number `MAJOR:MINOR`
 */
export function deviceOwner(
  scene: UseScene,
  kind: 'char' | 'block',
  number: string,
): (DeviceOwner & { readonly name: string }) | undefined {
  const { view, module } = scene;
  const folder = view.real(`sys/dev/${kind}/${number}`);
  const name = folder === '' ? number : basename(folder);
  for (let place = folder; place.startsWith('sys/devices/'); place = dirname(place)) {
    const link = `${place}/driver/module`;
    if (basename(view.link(link)) === module) return { by: 'driver', source: `/${link}`, name };
  }
  const [major = '', minor = ''] = number.split(':');
  const aliases = [`${kind}-major-${major}-${minor}`, `${kind}-major-${major}`];
  const alias = aliases.find((each) => scene.modulesOf(each).includes(module));
  if (alias !== undefined)
    return { by: 'alias', source: `${scene.tree.directory}/modules.alias, ${alias}`, name };
  return isNamed(scene, kind, folder, name) ? { by: 'name', source: `/${folder}`, name } : undefined;
}

function isNamed({ view, module }: UseScene, kind: string, folder: string, name: string): boolean {
  if (folder === '') return false;
  const type = kind === 'block' ? 'block' : basename(view.link(`${folder}/subsystem`));
  if (type === 'sound' && soundCardModule(view.text('proc/asound/modules'), name) === module) return true;
  const rows = namedDevices.filter(([each, pattern]) => each === type && pattern.test(name));
  if (rows.length > 0) return rows.some(([, , modules]) => modules.includes(module));
  // zram0 is zram's, nbd3p1 nbd's.
  return folder.includes('/devices/virtual/') && name.replace(/\d.*$/, '').replaceAll('-', '_') === module;
}

/** The module of the card that a sound device is of: of `pcmC0D0p` that of card 0. */
function soundCardModule(modules: string, name: string): string | undefined {
  const card = /C(\d+)/.exec(name)?.[1];
  return card === undefined ? undefined : new RegExp(String.raw`^\s*${card}\s+(\S+)`, 'm').exec(modules)?.[1];
}
