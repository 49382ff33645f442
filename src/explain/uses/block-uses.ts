import { basename } from 'node:path';

import { shellWord } from '../../errors/shell-word.ts';
import { mappedDevices } from '../../kernel/mapped-devices.ts';
import { type MountedFileSystem, unescaped } from '../../kernel/mount-list.ts';
import { deviceOwner } from './device-module.ts';
import { type ModuleUse, useOf } from './module-use.ts';
import { unmountCommands } from './mount-uses.ts';
import type { UseScene } from './use-scene.ts';

/** Uses of a module that drives block devices: what is mounted from them, swap, other block devices on top, and their settings. */
export function blockUses(scene: UseScene, mounts: readonly MountedFileSystem[]): readonly ModuleUse[] {
  const { view } = scene;
  const swaps = swapDevices(scene);
  const uses: ModuleUse[] = [];
  for (const block of view.names('sys/class/block')) {
    const folder = `sys/class/block/${block}`;
    const number = view.text(`${folder}/dev`).trim();
    if (number === '') continue;
    uses.push(...schedulerUses(scene, block));
    const owner = deviceOwner(scene, 'block', number);
    if (owner === undefined) continue;
    const device = `/dev/${block}`;
    const seen = [`${block} is its device`, owner.source] as const;
    const confidence = owner.by === 'name' ? 'likely' : 'certain';
    for (const mount of mounts.filter((each) => each.device === number || originOf(each) === block))
      uses.push(
        useOf('mount', {
          text: `${device} is mounted on ${mount.places.join(', ')} (${mount.type}).`,
          references: [1, 2],
          confidence,
          evidence: [[`${mount.origin} ${mount.places[0] ?? ''} ${mount.type}`, mount.source], seen],
          remedies: unmountCommands(mount),
        }),
      );
    if (swaps.has(block))
      uses.push(
        useOf('swap', {
          text: `${device} is in use as swap.`,
          references: [1, 2],
          confidence,
          evidence: [[device, '/proc/swaps'], seen],
          remedies: [`swapoff ${device}`],
        }),
      );
    for (const holder of view.names(`${folder}/holders`))
      uses.push(
        useOf('block-device', {
          text: `The block device ${nameOf(scene, holder)} is made of ${device}.`,
          references: [1, 2],
          confidence,
          evidence: [[holder, `/${folder}/holders`], seen],
          remedies: [stopCommand(scene, holder)],
        }),
      );
    uses.push(...ownUses(scene, block));
  }
  return [...uses, ...targetUses(scene)];
}

/** What a device is itself, of the drivers that hold a reference for each device that is set up. */
function ownUses({ view, module }: UseScene, block: string): readonly ModuleUse[] {
  const folder = `sys/block/${block}`;
  const file = view.text(`${folder}/loop/backing_file`).trim();
  if (module === 'loop' && file !== '')
    return [
      useOf('block-device', {
        text: `/dev/${block} is set up with the file ${file}.`,
        evidence: [[file, `/${folder}/loop/backing_file`]],
        remedies: [`losetup -d /dev/${block}`],
      }),
    ];
  const process = view.text(`${folder}/pid`).trim();
  if (module === 'nbd' && process !== '')
    return [
      useOf('block-device', {
        text: `/dev/${block} is connected to a server.`,
        references: [1, 2],
        evidence: [[process, `/${folder}/pid`]],
        remedies: [`nbd-client -d /dev/${block}`],
      }),
    ];
  const name = view.text(`${folder}/dm/name`).trim();
  if (module === 'dm_mod' && name !== '')
    return [
      useOf('mapped-device', {
        text: `The device mapper has the device ${name} (/dev/${block}).`,
        evidence: [[name, `/${folder}/dm/name`]],
        remedies: [`dmsetup remove ${shellWord(name)}`],
      }),
    ];
  return [];
}

/** Tables of the device mapper that have targets of the module, and arrays of its RAID level. */
function targetUses(scene: UseScene): readonly ModuleUse[] {
  const { view, module } = scene;
  const uses: ModuleUse[] = [];
  for (const { name, uuid, targets, source } of mappedDevices(view, scene.questions)) {
    const count = targets?.filter((kind) => scene.isNamedBy(`dm-${kind}`)).length ?? 0;
    const isByName = targets === undefined && nameOfTarget(uuid) === module;
    if (count > 0 || isByName)
      uses.push(
        useOf('mapped-device', {
          text: `The table of the mapped device ${name} has ${count > 1 ? `${count} targets` : 'a target'} of it.`,
          references: isByName ? [1, 2] : [count, 2 * count],
          confidence: isByName ? 'likely' : 'certain',
          evidence: [[isByName ? uuid : (targets ?? []).join(' '), source]],
          remedies: [`dmsetup remove ${shellWord(name)}`],
        }),
      );
    else if (targets === undefined && module.startsWith('dm_') && module !== 'dm_mod')
      scene.unknown.add(
        `The table of the mapped device ${name} was not readable: root may read it (dmsetup table).`,
      );
  }
  for (const block of view.names('sys/block').filter((name) => name.startsWith('md'))) {
    const level = view.text(`sys/block/${block}/md/level`).trim();
    if (level !== '' && scene.isNamedBy(`md-${level}`))
      uses.push(
        useOf('block-device', {
          text: `The array /dev/${block} has its level, ${level}.`,
          evidence: [[level, `/sys/block/${block}/md/level`]],
          remedies: [`mdadm --stop /dev/${block}`],
        }),
      );
  }
  return uses;
}

/** By the beginning of a mapped device's identifier, which the programs that make them set. */
function nameOfTarget(uuid: string): string | undefined {
  const words: Readonly<Record<string, string>> = { CRYPT: 'dm_crypt', mpath: 'dm_multipath' };
  return words[uuid.split('-')[0] ?? ''];
}

function schedulerUses(scene: UseScene, block: string): readonly ModuleUse[] {
  const file = `sys/block/${block}/queue/scheduler`;
  const name = /\[([\w-]+)\]/.exec(scene.view.text(file))?.[1];
  if (name === undefined || name === 'none' || !scene.isNamedBy(`${name}-iosched`, name)) return [];
  return [
    useOf('setting', {
      text: `/dev/${block} has its scheduler, ${name}.`,
      evidence: [[`[${name}]`, `/${file}`]],
      remedies: [`echo none >/${file}`],
    }),
  ];
}

function swapDevices({ view }: UseScene): ReadonlySet<string> {
  const rows = view
    .lines('proc/swaps')
    .map((line) => line.split(/\s+/))
    .filter(([, type]) => type === 'partition');
  return new Set(rows.map(([path = '']) => basename(unescaped(path))));
}

/** File systems over several devices have none of their own: then the node that was mounted tells. */
function originOf({ device, origin }: MountedFileSystem): string | undefined {
  return device.startsWith('0:') && origin.startsWith('/dev/') ? basename(origin) : undefined;
}

function nameOf({ view }: UseScene, block: string): string {
  const name = view.text(`sys/block/${block}/dm/name`).trim();
  return name === '' ? `/dev/${block}` : `${name} (/dev/${block})`;
}

function stopCommand({ view }: UseScene, block: string): string {
  const name = view.text(`sys/block/${block}/dm/name`).trim();
  return name === '' ? `mdadm --stop /dev/${block}` : `dmsetup remove ${shellWord(name)}`;
}
