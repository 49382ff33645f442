import { shellWord } from '../errors/shell-word.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import { readHelperPath } from '../kernel/helper-setting.ts';
import type { Diagnosis, Evidence, Finding } from './diagnosis.ts';
import type { Inquiry } from './inquiry.ts';
import { diagnoseLoad, type LoadQuestion } from './load-diagnosis.ts';
import { askingReasons, type ModuleAccount, presentName, stateOf } from './module-account.ts';
import { unlistRemedy } from './plan-check.ts';
import { type LoadReason, rankReasons } from './reasons/load-reason.ts';
import { lastLogLines } from './reasons/log-reasons.ts';
import { placeOf, ReasonScene } from './reasons/reason-scene.ts';

/** Why something that could have a module loaded does not. */
export interface AbsenceNote {
  /**
   * `blacklisted`: the configuration leaves it out where it is asked for by an alias. `helper-off`: the kernel asks for no modules.
   * `unasked`: nothing that is seen asks for it. `log`: what the kernel log says of it.
   */
  readonly kind: 'blacklisted' | 'helper-off' | 'unasked' | 'log';
  readonly text: string;
  readonly evidence: readonly Evidence[];
  readonly remedies: readonly string[];
}

/** Why a module is not loaded. */
export interface ModuleAbsence {
  /** As asked for. */
  readonly subject: string;
  /** The kernel's name of the module; null when there is none of that name. */
  readonly module: string | null;
  readonly release: string;
  readonly state: ModuleAccount['state'];
  /** What refuses a load, or speaks against one, as `diagnose` finds it. */
  readonly findings: readonly Finding[];
  /** Whether a load would work, as `diagnose` has it. */
  readonly verdict: Diagnosis['verdict'];
  readonly notes: readonly AbsenceNote[];
  /** What asks for it, and did not get it or did not take place yet. */
  readonly reasons: readonly LoadReason[];
  /** What could not be looked at, in sentences. */
  readonly unknown: readonly string[];
}

/** Finds out why a module is not loaded. */
export function* absenceOf(question: LoadQuestion): Inquiry<ModuleAbsence> {
  const { asked, tree, kernel, configuration, root } = question;
  const { findings, verdict, module: found } = yield* diagnoseLoad(question);
  if (found === null)
    return {
      subject: asked,
      module: null,
      release: tree.release,
      state: 'not-loaded',
      findings,
      verdict,
      notes: [],
      reasons: [],
      unknown: [],
    };
  const loaded = loadedModules(kernel);
  const module = presentName(asked, kernel, loaded) ?? found;
  const scene = new ReasonScene({ module, tree, configuration, kernel, root, loaded });
  const state = stateOf(module, question);
  const isThere = state === 'built-in' || state === 'live';
  const reasons = isThere ? [] : yield* askingReasons(scene, { uses: [] });
  return {
    subject: asked,
    module,
    release: tree.release,
    state,
    findings,
    verdict,
    notes: isThere ? [] : notesOf(scene, reasons),
    reasons: rankReasons(reasons),
    unknown: [...scene.unknown],
  };
}

function notesOf(scene: ReasonScene, reasons: readonly LoadReason[]): readonly AbsenceNote[] {
  const notes: AbsenceNote[] = [];
  const { module, root } = scene;
  const record = scene.index.blacklisting(module);
  if (record !== undefined)
    notes.push({
      kind: 'blacklisted',
      text: `The configuration blacklists ${module}: whatever asks for it by an alias does not get it, as devices and the kernel do.`,
      evidence: [{ text: `blacklist ${record.module}`, source: placeOf(record.origin, root) }],
      remedies: [`modprobe ${shellWord(module)}`, unlistRemedy(module, record.origin)],
    });
  if (readHelperPath(scene.view.location) === '')
    notes.push({
      kind: 'helper-off',
      text: 'The kernel asks for no modules by itself: it has no program to load them with.',
      evidence: [{ text: 'empty', source: '/proc/sys/kernel/modprobe' }],
      remedies: ['kmodctl helper install'],
    });
  if (!reasons.some(({ confidence }) => confidence !== 'possible'))
    notes.push({
      kind: 'unasked',
      text: 'Nothing that is seen on this system asks for it: no loaded module needs it, no file has it loaded at the start, and no device that is there has an alias of it.',
      evidence: [
        { text: `no user of ${module}`, source: '/proc/modules' },
        {
          text: 'no line that names it',
          source: '/etc/modules-load.d and the other folders of that name, /proc/cmdline',
        },
        { text: 'no modalias that it has', source: '/sys/bus/*/devices, /sys/class' },
      ],
      remedies: [
        `modprobe ${shellWord(module)}`,
        `echo ${shellWord(module)} >${shellWord(`/etc/modules-load.d/${module}.conf`)}`,
      ],
    });
  const lines = lastLogLines(scene);
  if (lines.length > 0)
    notes.push({
      kind: 'log',
      text: 'The kernel log has lines on it.',
      evidence: lines.map(([text, source]) => ({ text, source })),
      remedies: [],
    });
  return notes;
}
