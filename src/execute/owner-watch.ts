import { resolve } from 'node:path';

import { type CommandStep, isByLine, type LoadPlan, type LoadStep } from '../plan/plan.ts';
import {
  defaultOwnerCheck,
  FileOwners,
  type OwnerCheck,
  ownerError,
  type OwnerFinding,
} from './file-owner.ts';
import type { OpenModuleFile } from './module-image.ts';

/** Checks the owners of what a run uses, by a policy; tells of each place once. */
export class OwnerWatch {
  readonly #check: OwnerCheck;
  readonly #onFinding: (finding: OwnerFinding) => void;
  readonly #owners = new FileOwners();
  readonly #told = new Set<string>();

  /** @param check default: {@link defaultOwnerCheck} */
  constructor(check: OwnerCheck | undefined, onFinding: ((finding: OwnerFinding) => void) | undefined) {
    this.#check = check ?? defaultOwnerCheck();
    this.#onFinding = onFinding ?? ((): void => undefined);
  }

  /**
   * Looks at the lines of the configuration that a plan rests on.
   *
   * @throws KmodError `ERR_KMOD_OWNER`
   */
  checkConfiguration({ steps, targets }: LoadPlan): void {
    if (this.#check === 'off') return;
    const aliases = targets.flatMap(({ origin }) => origin?.file ?? []);
    for (const file of new Set([...aliases, ...steps.flatMap(originFiles)])) {
      let finding: OwnerFinding | undefined;
      try {
        finding = this.#owners.inspect(resolve(file));
      } catch {
        continue; // it is not there any more, or was never a file
      }
      this.#take(finding);
    }
  }

  /**
   * Looks at a module's file.
   *
   * @throws KmodError `ERR_KMOD_OWNER`
   */
  checkModule({ path, descriptor }: OpenModuleFile, module: string): void {
    if (this.#check === 'off') return;
    let finding: OwnerFinding | undefined;
    try {
      finding = this.#owners.inspect(resolve(path), descriptor);
    } catch {
      const text = `${path} led elsewhere a moment ago: somebody moves it while it is loaded.`;
      finding = { file: path, place: path, text };
    }
    this.#take(finding, module);
  }

  #take(finding: OwnerFinding | undefined, module?: string): void {
    if (finding === undefined) return;
    if (this.#check === 'refuse') throw ownerError(finding, module);
    if (this.#told.has(finding.place)) return;
    this.#told.add(finding.place);
    this.#onFinding(finding);
  }
}

function originFiles(step: LoadStep): readonly string[] {
  const { because } = step;
  const files = isByLine(because) ? [because.origin.file] : [];
  if (step.action === 'insert' || step.action === 'command')
    for (const { origin } of step.options) if (origin !== null) files.push(origin.file);
  if (step.action === 'command') files.push((step satisfies CommandStep).origin.file);
  return files;
}
