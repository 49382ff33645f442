import { readdirSync } from 'node:fs';

import { modinfoSync } from '../api/modinfo.ts';
import { type PlaceOptions, treeOf } from '../api/place-options.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import type { CliIo } from './cli-io.ts';
import { commandPurposes, shells, subcommandManuals, toolManuals } from './kmodctl-manual.ts';
import { type Completion, type Manual, manualOptions, optionSpellings } from './manual.ts';

/** A word that could stand there, and a few words on it. */
export type Candidate = readonly [word: string, text: string];

/** What a shell is to offer. */
export interface Offer {
  /** `open`: the words are no whole ones yet. */
  readonly kind: 'words' | 'open' | 'files' | 'folders';
  readonly candidates: readonly Candidate[];
}

/** A command line whose last word is being written. */
interface Line {
  readonly manual: Manual;
  /** Between the command and the current one. */
  readonly before: readonly string[];
  readonly current: string;
  readonly io: CliIo;
}

/** What the last of these words could become; the first one is the program's name. */
export function candidatesFor(words: readonly string[], io: CliIo): Offer {
  const [program = '', ...rest] = words;
  if (program !== 'kmodctl') return toolOffer(toolManuals, program, rest, io);
  const [command = '', ...operands] = rest;
  if (operands.length === 0) return wordsOffer(command, Object.entries(commandPurposes()));
  if (command === 'completion')
    return wordsOffer(
      operands.at(-1) ?? '',
      shells.map((name) => [name, '']),
    );
  return toolOffer([...subcommandManuals(), ...toolManuals], command, operands, io);
}

function toolOffer(manuals: readonly Manual[], name: string, words: readonly string[], io: CliIo): Offer {
  const manual = manuals.find((each) => each.name === name);
  if (manual === undefined) return { kind: 'files', candidates: [] };
  const line = { manual, before: words.slice(0, -1), current: words.at(-1) ?? '', io };
  const { current, before } = line;
  const [, option, value = ''] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  if (before.includes('--')) return operandOffer(line);
  if (option !== undefined) return valueOffer(line, option, value, `${option}=`);
  const last = before.at(-1) ?? '';
  if (takesNextWord(manual, last)) return valueOffer(line, last, current, '');
  return current.startsWith('-') ? optionOffer(line) : operandOffer(line);
}

function optionOffer({ manual, current }: Line): Offer {
  const candidates = manualOptions(manual).flatMap((option) =>
    optionSpellings(option).map(({ name, value }): Candidate => {
      const word = value !== undefined && name.startsWith('--') ? `${name}=` : name;
      return [word, option[1].split(/[;:(] ?/)[0] ?? ''];
    }),
  );
  const offer = wordsOffer(current, candidates);
  return offer.candidates.every(([word]) => word.endsWith('=')) ? { ...offer, kind: 'open' } : offer;
}

function valueOffer(line: Line, option: string, value: string, prefix: string): Offer {
  const wanted = optionName(option);
  const found = manualOptions(line.manual).find((each) =>
    optionSpellings(each).some(({ name }) => name === wanted),
  );
  const completion = found?.[2];
  if (completion === 'file') return { kind: 'files', candidates: [] };
  if (completion === 'folder') return { kind: 'folders', candidates: [] };
  const words = valueWords(line, completion);
  return wordsOffer(
    prefix + value,
    words.map((word) => [prefix + word, '']),
  );
}

function valueWords(line: Line, completion: Completion | undefined): readonly string[] {
  if (completion === 'release') return releases(placeOf(line));
  return typeof completion === 'object' ? completion : [];
}

function operandOffer(line: Line): Offer {
  const { manual, before, current, io } = line;
  const operands = operandsOf(line);
  if (typeof manual.operands === 'object')
    return wordsOffer(
      operands.length === 0 ? current : '-',
      manual.operands.map((word) => [word, '']),
    );
  const isRemoval = before.some((word) => word === '--remove' || /^-[a-z]*r/.test(word));
  if (manual.operands === 'loaded' || isRemoval) return namesOffer(current, loadedNames(io));
  if (manual.operands === 'none') return wordsOffer('-', []);
  const isModule = manual.operands === 'module-and-parameters';
  const hasMore = !before.some((word) => word === '--all' || /^-[a-z]*a/.test(word));
  const [first] = operands;
  if (first !== undefined && hasMore && (isModule || manual.name === 'insmod'))
    return parameterOffer(line, first);
  if (manual.operands === 'module-file' || /^\.{0,2}\//.test(current))
    return { kind: 'files', candidates: [] };
  return namesOffer(current, moduleNames(placeOf(line)));
}

/** The names of the parameters of a module, and the values of switches. */
function parameterOffer(line: Line, module: string): Offer {
  const { parameters } = modinfoSync(module, placeOf(line));
  const names = parameters.map(({ name, description }): Candidate => [`${name}=`, description ?? '']);
  const [, name] = /^([^=]*)=/.exec(line.current) ?? [];
  if (name === undefined) return { ...wordsOffer(line.current, names), kind: 'open' };
  const isSwitch = parameters.some((each) => each.name === name && /bool/.test(each.type ?? ''));
  return wordsOffer(line.current, isSwitch ? ['Y', 'N'].map((value) => [`${name}=${value}`, '']) : []);
}

function wordsOffer(current: string, candidates: readonly Candidate[]): Offer {
  return { kind: 'words', candidates: candidates.filter(([word]) => word.startsWith(current)) };
}

/** Names of modules, whose dashes and underscores are the same: what is written stays as it is. */
function namesOffer(current: string, names: readonly string[]): Offer {
  const wanted = current.replaceAll('-', '_');
  const candidates = names
    .filter((name) => name.startsWith(wanted))
    .map((name): Candidate => [current + name.slice(current.length), '']);
  return { kind: 'words', candidates };
}

function takesNextWord(manual: Manual, word: string): boolean {
  if (!word.startsWith('-') || word.includes('=')) return false;
  const name = optionName(word);
  return manualOptions(manual).some((option) =>
    optionSpellings(option).some(
      (each) => each.name === name && each.value !== undefined && !each.isOptional,
    ),
  );
}

/** Of short options in a cluster the last one. */
function optionName(word: string): string {
  return word.startsWith('--') ? word : `-${word.at(-1)}`;
}

function operandsOf({ manual, before }: Line): readonly string[] {
  return before.filter(
    (word, index) => !word.startsWith('-') && !takesNextWord(manual, before[index - 1] ?? ''),
  );
}

/** Where the line says that modules are. */
function placeOf({ before, io }: Line): PlaceOptions {
  const valueOf = (...names: readonly string[]): string | undefined => {
    for (const [index, word] of before.entries()) {
      if (word.startsWith('-') && names.includes(optionName(word))) return before[index + 1];
      const long = names.find((name) => word.startsWith(`${name}=`));
      if (long !== undefined) return word.slice(long.length + 1);
    }
    return undefined;
  };
  return {
    root: valueOf('-d', '-b', '--dirname', '--basedir', '--root'),
    release: valueOf('-S', '-k', '--set-version', '--release') ?? io.release,
  };
}

function moduleNames(place: PlaceOptions): readonly string[] {
  const entries = treeOf(place).index('modules.dep.bin')?.entries() ?? [];
  return Array.from(entries, ({ key }) => key);
}

function loadedNames({ kernel }: CliIo): readonly string[] {
  return loadedModules(kernel).map(({ name }) => name);
}

function releases({ root = '' }: PlaceOptions): readonly string[] {
  for (const folder of [`${root}/lib/modules`, `${root}/usr/lib/modules`])
    try {
      return readdirSync(folder);
    } catch {
      // Then the other.
    }
  return [];
}
