import { builtInAliases, builtInOptions, builtInPrune } from './built-in-lists.ts';
import type { ConfDiagnostic } from './diagnostic.ts';
import type { GeneratedFileName } from './directive.ts';
import type { ExpansionContext } from './expansion.ts';
import type { FileAccess } from './file-access.ts';
import { ListTable } from './list-table.ts';
import type {
  ConditionRecord,
  ConfCommandRecord,
  ConfLine,
  DefineRecord,
  GivenValue,
  PathRecord,
} from './model.ts';
import type { ConfOrigin } from './conf-origin.ts';
import type { SyntaxTree } from './syntax-tree.ts';
import type { ReadingMode } from './reading-mode.ts';
import type { ShellRunner } from './expansion.ts';

/** What a configuration is evaluated with; all is decided. */
export interface EvaluationSettings {
  readonly mode: ReadingMode;
  readonly release: string;
  /** `all` for modprobe; `paths` for insmod, depmod and modinfo, which also pass over invalid lines. */
  readonly scope: 'all' | 'paths';
  /** Folder in front of paths and generated files, as depmod -b has it. */
  readonly baseDirectory: string;
  /** Whether modprobe runs with -k. */
  readonly autoclean: boolean;
  readonly files: FileAccess;
  readonly shell: ShellRunner | undefined;
}

/** Everything that the lines change. */
export class EvaluationState {
  readonly settings: EvaluationSettings;
  readonly environment: Map<string, string>;
  readonly lists = {
    above: new ListTable(),
    below: new ListTable(),
    probe: new ListTable(),
    probeall: new ListTable(),
    alias: new ListTable(),
    options: new ListTable(),
    prune: new ListTable(),
  };
  paths: PathRecord[] = [];
  readonly commands: ConfCommandRecord[] = [];
  readonly defines: DefineRecord[] = [];
  /** Before they are expanded. */
  readonly generatedFiles = new Map<GeneratedFileName, GivenValue>();
  persistDirectory: GivenValue = { value: '/var/lib/modules/persist', origin: undefined };
  insmodOptions: GivenValue | undefined;
  readonly keeps: ConfOrigin[] = [];
  readonly conditions: ConditionRecord[] = [];
  readonly lines: ConfLine[] = [];
  readonly filesRead: string[] = [];
  /** What was read so far, by its text. */
  readonly trees = new Map<string, Pick<SyntaxTree, 'statements'>>();
  /** Characters of included files. */
  includedLength = 0;
  readonly diagnostics: ConfDiagnostic[] = [];
  /** In mode `fixed`: whether a `keep` or a path came already, in any file. */
  dropsPaths = true;

  constructor(settings: EvaluationSettings, environment: ReadonlyMap<string, string>) {
    this.settings = settings;
    this.environment = new Map(environment);
  }

  get expansion(): ExpansionContext {
    const { mode, release, files, shell } = this.settings;
    return { mode, release, files, shell, environment: this.environment };
  }

  /** Puts the lists of modutils 2.4.16 in place. */
  addBuiltInLists(): void {
    const builtIn = { origin: undefined };
    for (const name of builtInPrune) this.lists.prune.put({ name, words: [], ...builtIn });
    if (this.settings.scope === 'paths') return;
    for (const [name, ...words] of builtInOptions) this.lists.options.put({ name, words, ...builtIn });
    for (const [name, result] of builtInAliases) this.lists.alias.put({ name, words: [result], ...builtIn });
  }
}
