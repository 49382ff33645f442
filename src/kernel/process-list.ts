import { statSync } from 'node:fs';

import type { KernelView } from './kernel-view.ts';

/** A process. */
export interface ProcessName {
  readonly pid: number;
  /** Its name, as ps shows it: at most 15 characters. */
  readonly name: string;
}

/** A file that a process has open. */
export interface OpenFile {
  readonly process: ProcessName;
  /** `/proc/PID/fd/NUMBER`. */
  readonly source: string;
  /** What the link there says: a path, `socket:[NUMBER]`, `anon_inode:NAME`. */
  readonly target: string;
  /** Of a device node: which device. */
  readonly device: { readonly kind: 'char' | 'block'; readonly number: string } | undefined;
}

/** Names in /proc of all processes. */
export function processNames(view: KernelView): readonly string[] {
  return view.names('proc').filter((name) => /^\d+$/.test(name));
}

/** One process of each namespace of a kind, `self` first; those of other users only where they may be read. */
export function processOfEachNamespace(view: KernelView, kind: 'mnt' | 'net'): readonly string[] {
  const denied = new Set(view.denied);
  const found = new Map<string, string>();
  for (const name of ['self', ...processNames(view)]) {
    const namespace = view.link(`proc/${name}/ns/${kind}`);
    if (namespace !== '' && !found.has(namespace)) found.set(namespace, name);
  }
  // What is not readable there is told with the open files.
  for (const file of view.denied) if (!denied.has(file)) view.denied.delete(file);
  const own = found.size > 0 || !view.exists(`proc/self/mountinfo`) ? [] : ['self'];
  return [...own, ...found.values()];
}

/** The open files of one process: those that are devices, sockets or something nameless. */
export function openFiles(view: KernelView, name: string, nodes: DeviceNodes): readonly OpenFile[] {
  const folder = `proc/${name}/fd`;
  const files: OpenFile[] = [];
  let process: ProcessName | undefined;
  for (const number of view.names(folder)) {
    const file = `${folder}/${number}`;
    const target = view.link(file);
    if (target === '') continue;
    const device = target.startsWith('/') ? nodes.deviceOf(file, target) : undefined;
    if (target.startsWith('/') && device === undefined) continue;
    process ??= { pid: Number(name), name: view.text(`proc/${name}/comm`).trim() };
    files.push({ process, source: `/${file}`, target, device });
  }
  return files;
}

/** Tells which device a node is of. */
export class DeviceNodes {
  readonly #view: KernelView;
  #recorded: ReadonlyMap<string, OpenFile['device']> | undefined;

  constructor(view: KernelView) {
    this.#view = view;
  }

  /**
   * @param file link of /proc to the node
   * @param target the node's path, which counts where the files are not those of the running kernel
   */
  deviceOf(file: string, target: string): OpenFile['device'] {
    if (!this.#view.isOwn) return (this.#recorded ??= this.#namedDevices()).get(target);
    try {
      const status = statSync(this.#view.path(file));
      if (!status.isCharacterDevice() && !status.isBlockDevice()) return undefined;
      return {
        kind: status.isBlockDevice() ? 'block' : 'char',
        number: `${majorOf(status.rdev)}:${minorOf(status.rdev)}`,
      };
    } catch {
      return undefined;
    }
  }

  #namedDevices(): ReadonlyMap<string, OpenFile['device']> {
    const devices = new Map<string, OpenFile['device']>();
    for (const kind of ['char', 'block'] as const)
      for (const number of this.#view.names(`sys/dev/${kind}`)) {
        const name = /^DEVNAME=(.*)$/m.exec(this.#view.text(`sys/dev/${kind}/${number}/uevent`))?.[1];
        if (name !== undefined) devices.set(`/dev/${name}`, { kind, number });
      }
    return devices;
  }
}

/** Major number of a device, as glibc's gnu_dev_major has it. */
export function majorOf(device: number): number {
  return Number(((BigInt(device) >> 8n) & 0xfffn) | ((BigInt(device) >> 32n) & 0xfffff000n));
}

/** Minor number of a device. */
export function minorOf(device: number): number {
  return Number((BigInt(device) & 0xffn) | ((BigInt(device) >> 12n) & 0xffffff00n));
}
