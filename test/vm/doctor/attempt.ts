/** Loads and unloads that fail in a guest, each for one cause, and what the doctor says of them. */
import type { CauseCode } from '../../../src/explain/cause.ts';
import type { VirtualMachine } from '../../../vm/index.ts';

/** One attempt in the guest. */
export interface Attempt {
  readonly title: string;
  /** What the doctor has to say afterwards; null where it has to load. */
  readonly cause: CauseCode | null;
  /**
   * What it has to say before; default the same. `none`: it cannot be known before. Instead of another cause it may say
   * nothing, which is counted as unsure.
   */
  readonly before?: CauseCode | 'none';
  /** A finding that there has to be before though the load goes on. */
  readonly note?: CauseCode;
  readonly kind?: 'insmod' | 'modprobe' | 'rmmod';
  /** File or name. */
  readonly target: string;
  readonly parameters?: string;
  /** Further options of the load. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Made on the main thread, which a signal reaches. */
  readonly blocking?: boolean;
  /** With a signal that has been given already. */
  readonly aborted?: boolean;
  /** Shell commands before the diagnosis, and after the attempt. BusyBox has tools that do not start Node. */
  readonly prepare?: string;
  readonly tidy?: string;
  /** A file that is open for writing meanwhile. */
  readonly writing?: string;
  /** Done as this user. */
  readonly user?: number;
  /** Tried already: file with what `kmodctl load --json` printed. It is waited for. */
  readonly result?: string;
}

/** What became of it. */
export interface Outcome {
  readonly before: string | null;
  readonly after: string | null;
  /** Causes that the doctor had named before without a refusal. */
  readonly notes: readonly string[];
  /** The error's own message, or what was done. */
  readonly text: string;
  readonly evidence: string;
  /** Of the whole attempt, in milliseconds. */
  readonly durationMs: number;
}

/** How many are made by one start of Node in the guest. */
const AT_ONCE = 20;

/** Makes attempts in a guest, one after the other. */
export async function outcomesOf(vm: VirtualMachine, list: readonly Attempt[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let place = 0; place < list.length; place += AT_ONCE)
    outcomes.push(...(await vm.evaluate(attempts, list.slice(place, place + AT_ONCE))));
  return outcomes;
}

/** Runs in the guest: diagnoses, tries, explains. */
async function attempts(list: readonly Attempt[]): Promise<readonly Outcome[]> {
  const { closeSync, openSync, readFileSync, statSync } = await import('node:fs');
  const { spawnSync: spawn } = await import('node:child_process');
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { diagnose, explanationOf, insmod, insmodSync, modprobe, rmmod } = await import('kmodctl');
  const sh = (command: string | undefined): void => {
    if (command !== undefined) spawn('sh', ['-c', command], { stdio: 'ignore' });
  };
  const refusal = (text: string): Pick<Outcome, 'after' | 'text' | 'evidence'> => {
    const { error } = JSON.parse(text) as {
      error?: { message: string; explanation: { cause: string; findings: unknown } } | null;
    };
    if (!error) return { after: null, text: 'done', evidence: '' };
    const { cause, findings } = error.explanation;
    return { after: cause, text: error.message, evidence: JSON.stringify(findings) };
  };
  const outcomes: Outcome[] = [];
  for (const { kind = 'insmod', target, parameters = '', options = {}, ...rest } of list) {
    const begun = performance.now();
    sh(rest.prepare);
    let known: { cause: string | null; findings: readonly { cause: string; refused: boolean }[] } = {
      cause: null,
      findings: [],
    };
    // The capabilities that are in effect go with the user, and come back with root.
    if (rest.user !== undefined) process.seteuid?.(rest.user);
    if (kind !== 'rmmod' && rest.result === undefined) known = await diagnose(target, { parameters });
    const file = rest.writing === undefined ? undefined : openSync(rest.writing, 'r+');
    let found: Pick<Outcome, 'after' | 'text' | 'evidence'> = { after: null, text: 'done', evidence: '' };
    if (rest.result !== undefined) {
      while ((statSync(rest.result, { throwIfNoEntry: false })?.size ?? 0) === 0) await sleep(200);
      found = refusal(readFileSync(rest.result, 'utf8'));
    } else
      try {
        const more = { ...options, ...(rest.aborted === true && { signal: AbortSignal.abort() }) };
        if (kind === 'rmmod') await rmmod(target, more);
        else if (kind === 'modprobe') await modprobe(target, { parameters, ...more });
        else if (rest.blocking === true) insmodSync(target, parameters, more);
        else await insmod(target, parameters, more);
      } catch (error) {
        const explanation = explanationOf(error);
        found = {
          after: explanation?.cause ?? 'no explanation',
          text: error instanceof Error ? error.message : String(error),
          evidence: JSON.stringify(explanation?.findings),
        };
      }
    if (rest.user !== undefined) process.seteuid?.(0);
    if (file !== undefined) closeSync(file);
    if (found.after === null && kind === 'insmod') await rmmod(target).catch(() => undefined);
    sh(rest.tidy);
    const notes = known.findings.filter(({ refused }) => !refused).map(({ cause }) => cause);
    const durationMs = Math.round(performance.now() - begun);
    outcomes.push({ before: known.cause, notes, durationMs, ...found });
  }
  return outcomes;
}
