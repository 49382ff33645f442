import { areUeventsDelivered, UeventSocket } from '../../native/uevent-socket.ts';
import type { EventLoopHandle } from '../../native/readable-watch.ts';
import type { KernelLocation } from '../kernel-file.ts';
import { type ModuleEvent, parseModuleEvent } from '../uevent.ts';
import { knownInstance, type ModuleScan, scanModules } from './module-scan.ts';
import { moduleEventFilter } from './uevent-filter.ts';

/** Messages that have been received. */
export interface Received {
  readonly events: readonly ModuleEvent[];
  /** Whether some were lost before, between or behind them. */
  readonly isLossy: boolean;
}

/** The two ways in which a kernel tells of its modules. */
export interface ModuleChannel extends EventLoopHandle {
  /** Why messages may not come, or do not. Null where they are known to. */
  readonly silence: string | null;
  /** All messages that wait. */
  readonly receive: () => Received;
  /** The list, just now. */
  readonly scan: () => ModuleScan;
  /** The load that a module is of just now, see `knownInstance`. */
  readonly instanceOf: (module: string) => bigint | undefined;
}

/**
 * The kernel's own.
 *
 * @param onReadable called when there are messages
 * @param bufferBytes for messages that wait
 */
export function kernelChannel(
  location: KernelLocation,
  onReadable: () => void,
  bufferBytes: number,
): ModuleChannel {
  const { socket, silence } = openSocket(location, onReadable, bufferBytes);
  return {
    silence,
    receive: () => {
      const events: ModuleEvent[] = [];
      const isLossy = socket?.receive((message) => {
        const event = parseModuleEvent(message);
        if (event !== undefined) events.push(event);
      });
      return { events, isLossy: isLossy === true };
    },
    scan: () => scanModules(location),
    instanceOf: (module) => knownInstance(module, location),
    refer: (keeps) => socket?.refer(keeps),
    close: () => socket?.close(),
  };
}

function openSocket(
  { root }: KernelLocation,
  onReadable: () => void,
  bufferBytes: number,
): { readonly socket?: UeventSocket; readonly silence: string | null } {
  if (root !== undefined)
    return { silence: `the kernel's messages are about the running system, not about ${root}` };
  try {
    const isDelivered = areUeventsDelivered();
    if (isDelivered === false)
      return {
        silence:
          'the kernel sends no events into the network namespace of a user namespace (a rootless container)',
      };
    const socket = new UeventSocket(bufferBytes, moduleEventFilter(), onReadable);
    if (isDelivered === true) return { socket, silence: null };
    return {
      socket,
      silence: 'it cannot be told whether the kernel sends events into this network namespace',
    };
  } catch (error) {
    return { silence: (error as Error).message };
  }
}
