import type { ConfOrigin } from './conf-origin.ts';

/** Something that a converted configuration does not do, or does in another way. */
export interface ConversionWarning extends ConfOrigin {
  readonly code:
    | 'alias-loop'
    | 'alias-off-in-list'
    | 'command-changed'
    | 'command-never-run'
    | 'command-suspicious'
    | 'condition-frozen'
    | 'device-name'
    | 'file-name'
    | 'insmod-option'
    | 'line-not-read'
    | 'name-collision'
    | 'name-not-expressible'
    | 'no-autoclean'
    | 'nobody-asks'
    | 'off-module'
    | 'option-dropped'
    | 'persistent-data'
    | 'rename'
    | 'tag-lost';
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** Collects warnings. */
export class ConversionWarnings {
  readonly #warnings: ConversionWarning[] = [];

  add(
    { file, firstLine, line }: ConfOrigin,
    code: ConversionWarning['code'],
    text: string,
    remedy: string,
  ): void {
    this.#warnings.push({ file, firstLine, line, code, text, remedy });
  }

  /** In the order in which they were found. */
  all(): readonly ConversionWarning[] {
    return this.#warnings;
  }
}
