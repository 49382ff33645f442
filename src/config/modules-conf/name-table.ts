import type { ConfOrigin } from './conf-origin.ts';
import { type CommandDirective, commandDirectives } from './directive.ts';
import type { ConfCommandRecord, ListRecord, ModulesConfiguration } from './model.ts';

/** Where the aliases of a name lead. */
export interface AliasChain {
  /** The name, and all that it leads to; without `off` and `null`. */
  readonly names: readonly string[];
  /** `module`: the last name is that of a module, or of a list to probe. */
  readonly end: 'module' | 'off' | 'null' | 'loop';
}

/** Everything that a configuration says about one name. */
export class NameTable {
  readonly aliases: ReadonlyMap<string, ListRecord>;
  readonly options: ReadonlyMap<string, ListRecord>;
  readonly above: ReadonlyMap<string, ListRecord>;
  readonly below: ReadonlyMap<string, ListRecord>;
  readonly probe: ReadonlyMap<string, ListRecord>;
  readonly probeall: ReadonlyMap<string, ListRecord>;
  readonly #commands: ReadonlyMap<string, ConfCommandRecord>;

  /** @param includesBuiltIn default false: only what lines say */
  constructor(
    model: ModulesConfiguration,
    { includesBuiltIn = false }: { readonly includesBuiltIn?: boolean } = {},
  ) {
    const byName = (records: readonly ListRecord[]): ReadonlyMap<string, ListRecord> =>
      recordsByName(records, includesBuiltIn);
    this.aliases = byName(model.aliases);
    this.options = byName(model.options);
    this.above = byName(model.above);
    this.below = byName(model.below);
    this.probe = byName(model.probe);
    this.probeall = byName(model.probeall);
    const commands = new Map<string, ConfCommandRecord>();
    for (const command of model.commands) {
      const key = `${command.kind} ${command.name}`;
      if (!commands.has(key)) commands.set(key, command);
    }
    this.#commands = commands;
  }

  /** The command that is run: the first of its kind. */
  command(kind: CommandDirective, name: string): ConfCommandRecord | undefined {
    return this.#commands.get(`${kind} ${name}`);
  }

  /** Follows the aliases of a name, each once. */
  chain(name: string): AliasChain {
    const names = [name];
    for (;;) {
      const next = this.aliases.get(names.at(-1) ?? '')?.words[0];
      if (next === undefined) return { names, end: 'module' };
      if (next === 'off' || next === 'null') return { names, end: next };
      if (names.includes(next)) return { names, end: 'loop' };
      names.push(next);
    }
  }

  /** Where following a name ends: at the next name that does more than lead on, or at the last one. */
  stop(name: string): string {
    const { names } = this.chain(name);
    return names.slice(1).find((each) => this.isActive(each)) ?? names.at(-1) ?? name;
  }

  /** The name and those after it whose options it brings along: they are on no line that modprobe would look at. */
  passed(name: string): readonly string[] {
    const { names } = this.chain(name);
    if (this.isActive(name)) return [name];
    const end = names.indexOf(this.stop(name));
    return names.slice(0, Math.max(end, 1));
  }

  /** Whether a device number stands for all its minor numbers, none of which has a line of its own. */
  standsForMinors(name: string): boolean {
    // kmod would load what both say.
    const isRefined = [...this.aliases.keys()].some((other) => other.startsWith(`${name}-`));
    return /^(?:char|block)-major-\d+$/.test(name) && !isRefined;
  }

  /** Whether loading by this very name does more than its alias and its options say. */
  isActive(name: string): boolean {
    const kinds: readonly CommandDirective[] = ['pre-install', 'install', 'post-install'];
    return (
      [this.above, this.below, this.probe, this.probeall].some((table) => table.has(name)) ||
      kinds.some((kind) => this.command(kind, name) !== undefined)
    );
  }

  /** Whether a command is run around the loading or unloading of a name. */
  hasCommand(name: string): boolean {
    return commandDirectives.some((kind) => this.command(kind, name) !== undefined);
  }

  /** All lines that shape how a name is loaded and unloaded, but for aliases and options. */
  origins(name: string): readonly ConfOrigin[] {
    const lists = [this.below, this.above, this.probe, this.probeall].flatMap(
      (table) => table.get(name)?.origins ?? [],
    );
    return [...lists, ...commandDirectives.flatMap((kind) => this.command(kind, name)?.origin ?? [])];
  }
}

function recordsByName(
  records: readonly ListRecord[],
  includesBuiltIn: boolean,
): ReadonlyMap<string, ListRecord> {
  // One without words says that there is none, unless it is the -k of options.
  const counting = records.filter(
    ({ origins, words, noAutoclean }) =>
      (words.length > 0 || noAutoclean) && (includesBuiltIn || origins.length > 0),
  );
  return new Map(counting.map((record) => [record.name, record]));
}
