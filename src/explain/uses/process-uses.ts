import { DeviceNodes, type OpenFile, openFiles, processNames } from '../../kernel/process-list.ts';
import type { Inquiry } from '../inquiry.ts';
import { type DeviceOwner, deviceOwner } from './device-module.ts';
import { type ModuleUse, useOf } from './module-use.ts';
import { protocolsOf } from './socket-protocols.ts';
import type { UseScene } from './use-scene.ts';

/** Nameless files by which a process holds a virtual machine. */
const virtualMachine = /^anon_inode:\[?kvm-/;

/** Processes that have a device of the module open, or a socket of its protocols. */
export function* processUses(scene: UseScene): Inquiry<readonly ModuleUse[]> {
  const { view } = scene;
  const nodes = new DeviceNodes(view);
  const owners = new Map<string, DeviceOwner | undefined>();
  const protocols = protocolsOf(scene);
  const uses: ModuleUse[] = [];
  for (const name of processNames(view)) {
    yield { kind: 'pause' };
    for (const file of openFiles(view, name, nodes)) {
      const use =
        file.device === undefined ? namelessUse(scene, file, protocols) : deviceUse(scene, file, owners);
      if (use !== undefined) uses.push(use);
    }
  }
  noteDenied(scene);
  return [...joined(uses), ...countedSockets(scene, protocols, uses)];
}

function deviceUse(
  scene: UseScene,
  { process, source, target, device }: OpenFile,
  owners: Map<string, DeviceOwner | undefined>,
): ModuleUse | undefined {
  if (device === undefined) return undefined;
  const key = `${device.kind} ${device.number}`;
  if (!owners.has(key)) owners.set(key, deviceOwner(scene, device.kind, device.number));
  const owner = owners.get(key);
  if (owner === undefined) return undefined;
  return useOf('open-file', {
    text: `Process ${process.pid} (${process.name}) has ${target} open.`,
    // Its file, and for some devices the node and what the driver makes of it.
    references: [1, 3],
    confidence: owner.by === 'name' ? 'likely' : 'certain',
    process,
    evidence: [
      [target, source],
      [`${device.kind} device ${device.number}`, owner.source],
    ],
    remedies: [`kill ${process.pid}`],
  });
}

function namelessUse(
  scene: UseScene,
  { process, source, target }: OpenFile,
  protocols: ReadonlySet<string>,
): ModuleUse | undefined {
  const { module } = scene;
  if (virtualMachine.test(target) && /^kvm_(?:intel|amd)$/.test(module))
    return useOf('open-file', {
      text: `Process ${process.pid} (${process.name}) runs a virtual machine.`,
      process,
      evidence: [[target, source]],
      remedies: [`kill ${process.pid}`],
    });
  if (protocols.size === 0 || !target.startsWith('socket:')) return undefined;
  const protocol = scene.questions?.attribute(scene.view.path(source.slice(1)), 'system.sockprotoname');
  if (protocol === undefined || !protocols.has(protocol)) return undefined;
  return useOf('socket', {
    text: `Process ${process.pid} (${process.name}) has a socket of its protocol ${protocol}.`,
    references: [1, 2],
    process,
    evidence: [
      [target, source],
      [`${protocol} ${module}`, '/proc/net/protocols'],
    ],
    remedies: [`kill ${process.pid}`],
  });
}

/** Uses by the same process with the same words, as one. */
function joined(uses: readonly ModuleUse[]): readonly ModuleUse[] {
  const groups = new Map<string, ModuleUse[]>();
  for (const use of uses) groups.set(use.text, [...(groups.get(use.text) ?? []), use]);
  return [...groups.values()].flatMap((group): readonly ModuleUse[] => {
    const [first] = group;
    if (first === undefined || group.length === 1) return group;
    const sum = (field: 'least' | 'most'): number =>
      group.reduce((total, { references }) => total + (references[field] ?? 0), 0);
    return [
      {
        ...first,
        text: first.text.replace(/\.$/, `, ${group.length} times.`),
        references: { least: sum('least'), most: sum('most') },
      },
    ];
  });
}

/** Where no process is seen with one, some protocols count their sockets all the same. */
function countedSockets(
  { view, module }: UseScene,
  protocols: ReadonlySet<string>,
  found: readonly ModuleUse[],
): readonly ModuleUse[] {
  if (found.some(({ kind }) => kind === 'socket')) return [];
  return view.lines('proc/net/protocols').flatMap((line): readonly ModuleUse[] => {
    const [name = '', , count = ''] = line.split(/\s+/);
    const sockets = Number(count);
    if (!protocols.has(name) || !(sockets > 0)) return [];
    return [
      useOf('socket', {
        text: `${sockets === 1 ? 'A socket' : `${sockets} sockets`} of its protocol ${name} exist${sockets === 1 ? 's' : ''}.`,
        references: [0, 2 * sockets],
        evidence: [[`${name} ${count} ${module}`, '/proc/net/protocols']],
      }),
    ];
  });
}

function noteDenied({ view, unknown }: UseScene): void {
  const processes = new Set(
    [...view.denied].flatMap((file) => /^\/proc\/(\d+)\/fd(?:\/|$)/.exec(file)?.[1] ?? []),
  );
  for (const file of view.denied) if (/^\/proc\/\d+\//.test(file)) view.denied.delete(file);
  if (processes.size > 0)
    unknown.add(
      `The open files of ${processes.size === 1 ? 'a process' : `${processes.size} processes`} of other users were not readable: root may read them.`,
    );
}
