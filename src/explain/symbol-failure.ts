import { KmodError } from '../errors/kmod-error.ts';
import { kernelPath } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { ElfImage } from '../module-file/elf-image.ts';
import { parseModinfo } from '../module-file/modinfo-section.ts';
import type { Finding } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { findingOf } from './finding-list.ts';
import { type Inquiry, readFile, unpackBytes } from './inquiry.ts';
import { symbolsInKernel } from './kernel-symbol-list.ts';
import { isGplCompatible } from './licence.ts';
import { versionsOfModules } from './symbol-source.ts';

/**
 * What is behind a line `Unknown symbol`: the module that has it is not loaded; the symbol is there, and only for modules under
 * the GPL; or nothing has it.
 */
export function* symbolFinding(line: Finding, facts: FailureFacts): Inquiry<Finding> {
  const { tree, kernel, module } = facts;
  const symbol = /the symbol (\S+),/.exec(line.text)?.[1] ?? '';
  const [provider] = tree.modulesOfSymbol(`symbol:${symbol}`);
  if (provider !== undefined && moduleState(provider, kernel) !== 'live')
    return findingOf('symbol-provider-not-loaded', line.module, {
      text: `The module needs the symbol ${symbol} of the module ${provider}, which is not loaded.`,
      errno: 'ENOENT',
      evidence: [
        ...line.evidence.map(({ text, source }) => [text, source] as const),
        [`${symbol} is exported by ${provider}`, `${tree.directory}/modules.symbols.bin`],
        ['does not exist', `/sys/module/${provider}/initstate`],
      ],
      remedies: [`modprobe ${provider}`, `modprobe ${module ?? facts.asked}`],
    });
  const license = yield* licenseOf(facts);
  if (license === undefined || isGplCompatible(license)) return line;
  const place = yield* placeOfSymbol(symbol, facts);
  // With such a licence a symbol that is there looks just as one that is not.
  if (place === undefined) return { ...line, confidence: 'likely' };
  return findingOf('gpl-only-symbol', line.module, {
    text: `The symbol ${symbol} is there, and the kernel hides it from the module because of its licence ('${license ?? 'none'}'): it is for modules with a GPL-compatible one.`,
    confidence: 'likely',
    errno: 'ENOENT',
    evidence: [
      ...line.evidence.map(({ text, source }) => [text, source] as const),
      [`license is ${license ?? 'missing'}`, `${facts.path}, section .modinfo`],
      [`${symbol} is there`, place],
    ],
    remedies: ['Ask the author of the module; only a module under such a licence may use the symbol.'],
  });
}

/** Where it is seen that the kernel, or a loaded module, has a symbol; undefined where it is not. */
function* placeOfSymbol(symbol: string, { tree, kernel }: FailureFacts): Inquiry<string | undefined> {
  if (tree.modulesOfSymbol(`symbol:${symbol}`).length > 0) return `${tree.directory}/modules.symbols.bin`;
  const version = (yield* versionsOfModules(tree, new Set([symbol]))).get(symbol);
  if (version !== undefined) return `${version.path}, section __versions`;
  const list = kernelPath(kernel, 'proc/kallsyms');
  return (yield* symbolsInKernel([symbol], list))?.has(symbol) === true ? list : undefined;
}

/** The licence in a module's file; undefined where it cannot be read. */
function* licenseOf({ path }: FailureFacts): Inquiry<string | null | undefined> {
  if (path === null) return undefined;
  try {
    const image = new ElfImage(yield* unpackBytes(yield* readFile(path), path), path);
    const section = image.section('.modinfo');
    if (section === undefined) return null;
    return parseModinfo(image.bytesOf(section)).find(({ key }) => key === 'license')?.value ?? null;
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
}
