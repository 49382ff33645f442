import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import type { NeededSymbol } from '../module-file/needed-symbol.ts';
import type { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { symbolsInKernel } from './kernel-symbol-list.ts';
import { isGplCompatible } from './licence.ts';
import {
  knownSymbols,
  type SymbolFacts,
  type SymbolPlaces,
  symbolsOfReference,
  versionsOfModules,
} from './symbol-source.ts';
import { crcText, LAYOUT } from './version-check.ts';

/** What symbol checks look at. */
export interface SymbolCheck {
  readonly path: string;
  readonly needs: readonly NeededSymbol[];
  readonly license: string | null;
  readonly importedNamespaces: readonly string[];
  readonly places: SymbolPlaces;
  readonly kernel: KernelLocation;
  /** Whether the running kernel is the one that the module is for. */
  readonly isRunning: boolean;
  /** Whether all that can be read is read; otherwise only what is at hand. */
  readonly isThorough: boolean;
  /** Modules whose symbols it uses, by `depends` of its `.modinfo`. */
  readonly dependencies: readonly string[];
  /** Whether a module is loaded now, or will be before this one. */
  readonly isPresent: (module: string) => boolean;
}

/** Compares what a module needs with what the kernel and its modules export. */
export function* checkSymbols(list: FindingList, check: SymbolCheck): Inquiry<void> {
  const { needs, places, isThorough } = check;
  const wanted = needs.filter(({ name, isUndefined }) => isUndefined && name !== '_GLOBAL_OFFSET_TABLE_');
  const names = wanted.map(({ name }) => name);
  const known = needsNoSearch(check) ? symbolsOfReference(names, places) : yield* knownSymbols(names, places);
  if (isThorough) yield* addVersions(known, wanted, places);
  const missing = wanted.filter(({ name, weak }) => !weak && !known.has(name));
  for (const need of wanted) {
    const facts = known.get(need.name);
    if (facts !== undefined) checkSymbol(list, check, { need, facts });
  }
  const unexplained = isThorough ? yield* checkMissing(list, check, missing) : 0;
  const compared = wanted.filter(({ name, crc }) => crc !== null && (known.get(name)?.crc ?? null) !== null);
  const isFaulty = list.findings.some(({ stage }) => stage === 'link');
  list.check(
    'symbols',
    isFaulty ? 'fault' : unexplained === 0 ? 'ok' : 'unknown',
    isThorough
      ? `${wanted.length} needed, ${wanted.length - missing.length} known to be exported, ${compared.length} CRCs compared`
      : `by its key and layout of the kernel's own build; ${compared.length} of ${wanted.length} CRCs compared`,
  );
}

// In the kernel's own build every symbol is exported by the kernel or by a module that the build has put into `depends`.
function needsNoSearch({ isThorough, dependencies, isPresent }: SymbolCheck): boolean {
  return !isThorough && dependencies.every((name) => isPresent(name.replaceAll('-', '_')));
}

function* addVersions(
  known: Map<string, SymbolFacts>,
  wanted: readonly NeededSymbol[],
  { tree, image, table }: SymbolPlaces,
): Inquiry<void> {
  if (image !== undefined || table !== undefined) return;
  const open = new Set(wanted.filter(({ name }) => !known.has(name)).map(({ name }) => name));
  if (open.size === 0) return;
  for (const [name, { crc, path }] of yield* versionsOfModules(tree, open))
    known.set(name, {
      exporter: null,
      exporterPath: null,
      crc,
      gplOnly: null,
      namespace: null,
      source: `${path}, section __versions`,
    });
}

interface NeedAndFacts {
  readonly need: NeededSymbol;
  readonly facts: SymbolFacts;
}

// In the kernel's order: GPL-only ones are not even found, then the CRC, then the namespace.
function checkSymbol(list: FindingList, check: SymbolCheck, { need, facts }: NeedAndFacts): void {
  const { path, license, isPresent } = check;
  const { exporter } = facts;
  if (exporter !== null && !need.weak && !isPresent(exporter))
    addOnce(list, 'symbol-provider-not-loaded', exporter, {
      text: `The module needs the symbol ${need.name} of the module ${exporter}, which is not loaded.`,
      errno: 'ENOENT',
      evidence: [
        [`undefined symbol ${need.name}`, `${path}, section .symtab`],
        [`exported by ${exporter}`, facts.source],
      ],
      remedies: [
        `modprobe ${exporter}`,
        'Load the module by its name with modprobe, which loads what it needs.',
      ],
    });
  if (facts.gplOnly === true && !isGplCompatible(license)) {
    addOnce(list, 'gpl-only-symbol', '', {
      text: `The symbol ${need.name} is for modules with a GPL-compatible licence, and this one has ${license === null ? 'none' : `'${license}'`}: to it the kernel says that there is no such symbol.`,
      errno: 'ENOENT',
      evidence: [
        [`license is ${license ?? 'missing'}`, `${path}, section .modinfo`],
        [`${need.name} is exported as GPL-only`, facts.source],
      ],
      remedies: ['Ask the author of the module; only a module under such a licence may use the symbol.'],
    });
    return;
  }
  if (need.crc !== null && facts.crc !== null && need.crc !== facts.crc) {
    addOnce(list, 'symbol-version', '', {
      text: `The symbol ${need.name} has another CRC in the kernel than the module was built against.`,
      errno: need.name === LAYOUT ? 'ENOEXEC' : 'EINVAL',
      evidence: [
        [`${need.name} ${crcText(need.crc)}`, `${path}, section __versions`],
        [`${need.name} ${crcText(facts.crc)}`, facts.source],
      ],
      remedies: [`Build the module with the headers of ${check.places.tree.release}.`],
    });
    return;
  }
  if (need.crc === null && facts.crc !== null && hasVersions(check))
    addOnce(list, 'symbol-version-missing', '', {
      text: `The module has no version for the symbol ${need.name}: some kernels (Debian's) refuse that, others warn.`,
      confidence: 'likely',
      errno: 'EINVAL',
      evidence: [[`no entry ${need.name}`, `${path}, section __versions`]],
      remedies: [
        `Build the module with the headers of ${check.places.tree.release} (and their Module.symvers).`,
      ],
    });
  if (facts.namespace !== null && !isImported(facts.namespace, check, list.module))
    addOnce(list, 'symbol-namespace', facts.namespace, {
      text: `The symbol ${need.name} is in the namespace ${facts.namespace}, which the module does not import.`,
      errno: 'EINVAL',
      evidence: [
        [`no import_ns=${facts.namespace}`, `${path}, section .modinfo`],
        [`${need.name} is in ${facts.namespace}`, facts.source],
      ],
      remedies: [`Add MODULE_IMPORT_NS(${facts.namespace}) to the module's source and build it again.`],
    });
}

function hasVersions({ needs }: SymbolCheck): boolean {
  return needs.some(({ crc }) => crc !== null);
}

// `module:a,b-*` (Linux 6.16) names the modules that may use the symbol.
function isImported(namespace: string, { importedNamespaces }: SymbolCheck, module: string): boolean {
  if (!namespace.startsWith('module:')) return importedNamespaces.includes(namespace);
  return namespace
    .slice('module:'.length)
    .split(',')
    .map((pattern) => pattern.replaceAll('-', '_'))
    .some((pattern) =>
      pattern.endsWith('*') ? module.startsWith(pattern.slice(0, -1)) : module === pattern,
    );
}

/** Of many symbols with the same fault one is told of; the rest would say nothing new. */
function addOnce(
  list: FindingList,
  cause: Parameters<FindingList['add']>[0],
  mark: string,
  facts: Parameters<FindingList['add']>[1],
): void {
  const isKnown = list.findings.some(
    (finding) => finding.cause === cause && (mark === '' || finding.text.includes(mark)),
  );
  if (!isKnown) list.add(cause, facts);
}

/** Looks for symbols that nothing is known to export; answers of how many nothing can be said. */
function* checkMissing(
  list: FindingList,
  check: SymbolCheck,
  missing: readonly NeededSymbol[],
): Inquiry<number> {
  const { path, places, kernel, isRunning } = check;
  if (missing.length === 0) return 0;
  const names = missing.map(({ name }) => name);
  const whole = places.image?.path ?? places.table?.path;
  const present = isRunning ? yield* symbolsInKernel(names, kernelPath(kernel, 'proc/kallsyms')) : undefined;
  if (present === undefined && whole === undefined) return missing.length;
  let unsure = 0;
  for (const { name } of missing) {
    const place = present?.get(name);
    // Another module's, which depmod knows nothing of.
    if (place !== undefined && place !== '') continue;
    if (place === '' && whole === undefined) {
      unsure++;
      continue;
    }
    addOnce(list, 'unknown-symbol', '', {
      text: `The module needs the symbol ${name}, which neither the kernel ${places.tree.release} nor any of its modules exports.`,
      errno: 'ENOENT',
      evidence: [
        [`undefined symbol ${name}`, `${path}, section .symtab`],
        [`no module exports ${name}`, `${places.tree.directory}/modules.symbols.bin`],
        whole === undefined
          ? [`no symbol ${name}`, kernelPath(kernel, 'proc/kallsyms')]
          : [`${name} is not exported`, whole],
        ...(names.length > 1 ? ([[`and ${names.length - 1} more`, path]] as const) : []),
      ],
      remedies: [
        `Build the module for ${places.tree.release}, or the module that exports ${name}, then: depmod -a`,
        `grep ${name} /boot/System.map-${places.tree.release}`,
      ],
    });
  }
  return unsure;
}
