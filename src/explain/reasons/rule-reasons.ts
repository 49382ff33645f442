import { readStartFiles, type StartLine } from '../../config/start-files.ts';
import type { CommandRecord } from '../../config/modprobe-configuration.ts';
import { type LoadReason, reasonOf } from './load-reason.ts';
import { placeOf, type ReasonScene } from './reason-scene.ts';

/** Modules that need it, and what the configuration says of it in the lines of other modules. */
export function ruleReasons(scene: ReasonScene): readonly LoadReason[] {
  const { module, loaded } = scene;
  const users = loaded.find(({ name }) => name === module)?.users ?? [];
  const needed = users.map((user) =>
    reasonOf('dependency', 'certain', `The loaded module ${user} needs it.`, [
      [user, `/sys/module/${module}/holders`],
    ]),
  );
  return [
    ...needed,
    ...loaded.flatMap(({ name }) => (name === module ? [] : linesOf(scene, name))),
    ...scene.configuration.install.flatMap((record) => commandReasons(scene, record)),
  ];
}

function linesOf(scene: ReasonScene, other: string): readonly LoadReason[] {
  const { index, root } = scene;
  // kmod goes by the first line that fits.
  const [soft] = index.softDependencies(other);
  const reasons: LoadReason[] = [];
  for (const order of ['pre', 'post'] as const) {
    const name = soft?.[order].find((each) => scene.isMeantBy(each));
    if (soft !== undefined && name !== undefined)
      reasons.push(
        reasonOf(
          'soft-dependency',
          'certain',
          `The loaded module ${other} has it as a soft dependency: it is loaded ${order === 'pre' ? 'before' : 'after'} it.`,
          [[`softdep ${soft.module} ${order}: ${soft[order].join(' ')}`, placeOf(soft.origin, root)]],
        ),
      );
  }
  for (const { module, dependencies, origin } of index.weakDependencies(other)) {
    if (!dependencies.some((each) => scene.isMeantBy(each))) continue;
    reasons.push(
      reasonOf(
        'weak-dependency',
        'possible',
        `The loaded module ${other} may ask for it while it is in use.`,
        [[`weakdep ${module} ${dependencies.join(' ')}`, placeOf(origin, root)]],
      ),
    );
  }
  return reasons;
}

/** An install command of another module that names this one. */
function commandReasons(
  { module, loaded, root }: ReasonScene,
  { module: other, command, origin }: CommandRecord,
): readonly LoadReason[] {
  if (other === module || !namesModule(command, module)) return [];
  const isLoaded = loaded.some(({ name }) => name === other);
  return [
    reasonOf(
      'install-command',
      isLoaded ? 'likely' : 'possible',
      `The install command of ${other}${isLoaded ? ', which is loaded,' : ''} names it.`,
      [[`install ${other} ${command}`, placeOf(origin, root)]],
    ),
  ];
}

function namesModule(command: string, module: string): boolean {
  return command.split(/[\s;&|()"']+/).some((word) => word.replaceAll('-', '_') === module);
}

const startTexts: Readonly<
  Record<StartLine['kind'], readonly [LoadReason['kind'], 'likely' | 'possible', string]>
> = {
  'modules-load': ['modules-load', 'likely', 'A file of modules-load.d has it loaded at each start.'],
  'etc-modules': ['modules-load', 'likely', 'The file /etc/modules has it loaded at each start.'],
  initramfs: ['initramfs', 'likely', 'The initramfs is told to load it.'],
  udev: ['udev-rule', 'possible', 'A rule of udev has it loaded when its device comes.'],
  unit: ['unit', 'possible', 'A unit of systemd has it loaded when it is started.'],
};

/** Files and the kernel's command line that have it loaded while the system starts. */
export function startReasons(scene: ReasonScene): readonly LoadReason[] {
  const { lines, hidden, unreadable } = readStartFiles(scene.root);
  for (const file of unreadable) scene.unknown.add(`${file} was not readable.`);
  const reasons = lines.flatMap(({ name, origin, kind }): readonly LoadReason[] => {
    if (!scene.isMeantBy(name)) return [];
    const [reason, confidence, text] = startTexts[kind];
    const notes = hidden
      .filter(({ by }) => by === origin.file)
      .map(({ path, by }) => [`hides ${path}`, by] as const);
    return [reasonOf(reason, confidence, text, [[name, placeOf(origin)], ...notes])];
  });
  return [...reasons, ...commandLineReasons(scene)];
}

function commandLineReasons(scene: ReasonScene): readonly LoadReason[] {
  const words = scene.view.text('proc/cmdline').trim().split(/\s+/);
  return words.flatMap((word): readonly LoadReason[] => {
    const [, key, list] =
      /^(modules[_-]load|rd\.modules[_-]load|rd\.driver\.pre|rd\.driver\.post)=(.*)$/.exec(word) ?? [];
    const names = (list ?? '').split(',').filter((name) => name !== '');
    if (key === undefined || !names.some((name) => scene.isMeantBy(name))) return [];
    return [
      reasonOf(
        'kernel-command-line',
        'likely',
        `The kernel command line has it loaded at the start${key.startsWith('rd.') ? ', in the initramfs' : ''}.`,
        [[word, '/proc/cmdline']],
      ),
    ];
  });
}
