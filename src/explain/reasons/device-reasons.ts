import type { Inquiry } from '../inquiry.ts';
import { type LoadReason, reasonOf } from './load-reason.ts';
import type { ReasonScene } from './reason-scene.ts';

/** How many devices of the same kind are named. */
const MOST_NAMED = 4;
/** Those of processors list all their features. */
const LONGEST_ALIAS = 100;

/** Devices that are there and whose modalias the module has: udev asks for it when they come, or at the start. */
export function* deviceReasons(scene: ReasonScene): Inquiry<readonly LoadReason[]> {
  const { view } = scene;
  if (!mayHaveDevices(scene)) return [];
  const devices = new Map<string, string[]>();
  const add = (file: string): void => {
    const alias = view.text(file).trim();
    if (alias === '') return;
    const known = devices.get(alias);
    if (known !== undefined) known.push(file);
    else if (scene.isMeantBy(alias)) devices.set(alias, [file]);
  };
  const folders = [
    ...view.names('sys/bus').map((bus) => `sys/bus/${bus}/devices`),
    ...view.names('sys/class').map((name) => `sys/class/${name}`),
  ];
  for (const folder of folders) {
    yield { kind: 'pause' };
    for (const device of view.names(folder)) add(`${folder}/${device}/modalias`);
  }
  // The processors' own, which no link of a bus leads to.
  add('sys/devices/system/cpu/modalias');
  return [...devices].map(([alias, files]) => {
    const names = files.map((file) => file.split('/').at(-2) ?? '');
    const text =
      names.length > MOST_NAMED
        ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
        : names.join(', ');
    return reasonOf(
      'device',
      'likely',
      `${names.length === 1 ? 'The device' : 'The devices'} ${text} ${names.length === 1 ? 'has' : 'have'} an alias of it: udev asks for it when such a device comes.`,
      files.slice(0, MOST_NAMED).map((file) => [shortened(alias), `/${file}`]),
    );
  });
}

function shortened(alias: string): string {
  return alias.length > LONGEST_ALIAS ? `${alias.slice(0, LONGEST_ALIAS)}...` : alias;
}

/** Whether the module has aliases of devices, which all have a colon, or the configuration gives it any. */
function mayHaveDevices({ ownAliases, configuration, module }: ReasonScene): boolean {
  return (
    ownAliases.some((alias) => alias.includes(':') && !alias.startsWith('devname:')) ||
    configuration.aliases.some((each) => each.module === module)
  );
}
