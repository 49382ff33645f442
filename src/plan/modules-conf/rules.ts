import { convertCommand } from '../../config/modules-conf/convert-commands.ts';
import { parameterKey, parameterWords } from '../../config/modules-conf/convert-options.ts';
import { ConversionWarnings, type ConversionWarning } from '../../config/modules-conf/conversion-warning.ts';
import type { CommandDirective } from '../../config/modules-conf/directive.ts';
import type { ListRecord, ModulesConfiguration } from '../../config/modules-conf/model.ts';
import { comparedName } from '../../config/modules-conf/modprobe-words.ts';
import { NameTable } from '../../config/modules-conf/name-table.ts';
import type { TextOrigin } from '../../index-files/text-origin.ts';
import type { OptionText } from '../plan.ts';

/** Where a name leads by the lines of a modules.conf. */
export interface NameChain {
  /** The name, and all that it leads to; without `off` and `null`. */
  readonly names: readonly string[];
  /**
   * `module`: the last name is that of a module. `off`: nothing is loaded. `null`: only what is above and below. `loop`: it
   * leads back to itself. `probe`, `probeall`: the last name stands for a list.
   */
  readonly end: 'module' | 'off' | 'null' | 'loop' | 'probe' | 'probeall';
  /** Members of the list; empty where there is none. */
  readonly members: readonly string[];
  /** The line that decides about the name itself; null where none does. */
  readonly origin: TextOrigin | null;
}

/** A name of a list, with the line that it is in. */
export interface ListMember {
  readonly name: string;
  /** The name that the line is for. */
  readonly of: string;
  readonly origin: TextOrigin;
}

/** A command of a modules.conf, as it is to be run. */
export interface RuleCommand {
  readonly directive: CommandDirective;
  readonly name: string;
  /** As written. */
  readonly template: string;
  readonly command: string;
  readonly origin: TextOrigin;
}

/** Parameters for a module, and what of the lines is none. */
export interface RuleOptions {
  readonly texts: readonly OptionText[];
  readonly dropped: readonly ConversionWarning[];
  readonly noAutoclean: boolean;
}

const ALL_COMMANDS: readonly CommandDirective[] = ['pre-install', 'install', 'post-install'];

/**
 * What a modules.conf says to planners. Names are compared exactly, as modutils did; only where one is the name of a real
 * module, dashes and underscores are the same.
 */
export class ModulesConfRules {
  readonly model: ModulesConfiguration;
  readonly #table: NameTable;
  /** With the lists of modutils itself, if the model has them. */
  readonly #whole: NameTable;
  /** All names that lines are for, by the names that modules have. */
  readonly #spellings = new Map<string, readonly string[]>();

  constructor(model: ModulesConfiguration) {
    this.model = model;
    this.#table = new NameTable(model);
    this.#whole = new NameTable(model, { includesBuiltIn: true });
    const lists = [model.options, model.above, model.below, model.probe, model.probeall, model.commands];
    for (const { name } of lists.flat()) {
      const known = this.#spellings.get(comparedName(name)) ?? [];
      if (!known.includes(name)) this.#spellings.set(comparedName(name), [...known, name]);
    }
  }

  /** Variables of `define` lines, which the commands see. */
  get environment(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.model.defines.map(({ name, value }) => [name, value]));
  }

  /** Whether a list with a member that is off, or that nothing has, spoils the whole request. */
  get isStrict(): boolean {
    return this.model.mode === '2.4';
  }

  /** Whether modules are to be loaded in spite of another version: `insmod_opt=-f`. */
  get isForced(): boolean {
    return /(?:^|[ \t])-(?:[a-zA-Z]*f|-force\b)/.test(this.model.insmodOptions?.value ?? '');
  }

  /** Follows a name by lines alone. */
  follow(name: string): NameChain {
    return this.#follow(name, this.#table);
  }

  /** Follows it by modutils' own aliases, which count where nothing else knows the name. */
  followBuiltIn(name: string): NameChain {
    return this.#follow(name, this.#whole);
  }

  /**
   * All names whose lines are for a module: those that led to it, the one that was asked for first, and spellings of its
   * own.
   */
  namesOf(chain: readonly string[], module: string): readonly string[] {
    const own = this.#spellings.get(module) ?? [];
    return [...new Set([...chain, ...own])];
  }

  /** What is to be loaded before or after names, each member once. */
  members(kind: 'above' | 'below', names: readonly string[]): readonly ListMember[] {
    const found = new Map<string, ListMember>();
    for (const of of names) {
      const record = this.#table[kind].get(of);
      const origin = record?.origins.at(-1);
      if (record === undefined || origin === undefined) continue;
      for (const name of record.words) if (!found.has(name)) found.set(name, { name, of, origin });
    }
    return [...found.values()];
  }

  /**
   * The parameters that lines give: those for the module first, and over them those of the names that led to it, which
   * take the place of earlier values of the same parameter.
   */
  options(names: readonly string[]): RuleOptions {
    const warnings = new ConversionWarnings();
    const records = names.toReversed().flatMap((name) => this.#whole.options.get(name) ?? []);
    let merged: readonly GivenWord[] = [];
    for (const record of records) {
      const words = parameterWords(record, warnings).map((word) => ({ word, record }));
      const given = new Set(words.map(({ word }) => parameterKey(word)));
      merged = [...merged.filter(({ word }) => !given.has(parameterKey(word))), ...words];
    }
    return {
      texts: optionTexts(merged),
      dropped: warnings.all().filter(({ code }) => code !== 'no-autoclean'),
      noAutoclean: records.some(({ noAutoclean }) => noAutoclean),
    };
  }

  /** The commands of one kind, in the order of the names. Of one name the first counts. */
  commands(directive: CommandDirective, names: readonly string[]): readonly RuleCommand[] {
    return names.flatMap((name) => {
      const record = this.#table.command(directive, name);
      if (record === undefined) return [];
      const { command: template, origin } = record;
      const command = convertCommand(record, [], new ConversionWarnings());
      return { directive, name, template, command, origin };
    });
  }

  /** Whether loading any of the names runs a command. */
  hasInstallCommands(names: readonly string[]): boolean {
    return ALL_COMMANDS.some((directive) => this.commands(directive, names).length > 0);
  }

  #follow(asked: string, table: NameTable): NameChain {
    const names: string[] = [];
    let origin: TextOrigin | null = null;
    for (let name = asked; ;) {
      if (names.includes(name)) return { names, end: 'loop', members: [], origin };
      names.push(name);
      for (const end of ['probe', 'probeall'] as const) {
        const list = table[end].get(name);
        if (list === undefined) continue;
        return { names, end, members: list.words, origin: origin ?? originOf(list) };
      }
      const alias = name.startsWith('/') ? deviceAlias(name, table) : table.aliases.get(name);
      const next = alias?.words[0];
      if (alias === undefined || next === undefined || next === name)
        return { names, end: 'module', members: [], origin };
      origin ??= originOf(alias);
      if (next === 'off' || next === 'null') return { names, end: next, members: [], origin };
      name = next;
    }
  }
}

interface GivenWord {
  readonly word: string;
  readonly record: ListRecord;
}

/** Words of one list side by side are one text. */
function optionTexts(words: readonly GivenWord[]): readonly OptionText[] {
  const texts: OptionText[] = [];
  for (const [at, { word, record }] of words.entries()) {
    const last = texts.at(-1);
    const origin = originOf(record);
    if (last !== undefined && words[at - 1]?.record === record)
      texts[texts.length - 1] = { ...last, text: `${last.text} ${word}` };
    else texts.push({ text: word, origin });
  }
  return texts;
}

function originOf({ origins }: ListRecord): TextOrigin | null {
  return origins.at(-1) ?? null;
}

/** Names of devfs are patterns, the first of which counts: a star stands for all that follows. */
function deviceAlias(name: string, table: NameTable): ListRecord | undefined {
  for (const [pattern, record] of table.aliases)
    if (pattern.startsWith('/') && isDevice(name, pattern)) return record;
  return undefined;
}

function isDevice(name: string, pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '*') return true;
    if (at >= name.length || (pattern[at] !== '?' && pattern[at] !== name[at])) return false;
  }
  return name.length === pattern.length;
}
