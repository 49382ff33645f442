import type { ContributionSet } from './contribution.ts';
import { type KernelSymbols, withoutPrefix } from './kernel-symbols.ts';

const DOT = 0x2e;

/** No module has this number. */
export const NO_MODULE = -1;

/** Who exports what. Symbols and modules are numbers. */
export interface SymbolOwners {
  /** Names by number: those of the contributions first, and in their order. */
  readonly names: readonly string[];
  /** Number of the module that exports a symbol; {@link NO_MODULE} for the kernel's own and for unknown ones. */
  readonly owners: Int32Array;
  /** 1 for a symbol that somebody exports, the kernel included. */
  readonly known: Uint8Array;
  /** The exporter's CRC. */
  readonly crcs: Float64Array;
  /** The symbol that is meant by a name which a module needs. */
  readonly meant: (needed: number) => number;
}

/** What the names of symbols have in front. */
export interface SymbolNaming {
  /** The character of `-P`, which compilers of some machines put before every name; empty for none. */
  readonly prefix: string;
}

/**
 * Tables of all exported symbols. Of several modules that export the same name, the last in the indexes' order has it;
 * every module has precedence over the kernel's own list.
 */
export function symbolOwners(
  { symbols, modules }: ContributionSet,
  kernelSymbols: KernelSymbols,
  { prefix }: SymbolNaming,
): SymbolOwners {
  const naming = new Naming(symbols, prefix);
  const fromKernel = [...kernelSymbols].map(([name, crc]) => [naming.number(name), crc] as const);
  const exportedAs = prefix === '' ? undefined : naming.renaming((name) => naming.exported(name));
  const meant = naming.renaming((name) => naming.needed(name));
  const { names } = naming;
  const owners = new Int32Array(names.length).fill(NO_MODULE);
  const known = new Uint8Array(names.length);
  const crcs = new Float64Array(names.length);
  for (const [symbol, crc] of fromKernel) {
    known[symbol] = 1;
    crcs[symbol] = crc;
  }
  for (const [owner, module] of modules.entries()) {
    if (module === undefined) continue;
    const { exports, exportCrcs } = module;
    for (let index = 0; index < exports.length; index++) {
      const number = exports[index] as number;
      const symbol = exportedAs?.(number) ?? number;
      owners[symbol] = owner;
      known[symbol] = 1;
      crcs[symbol] = exportCrcs[index] as number;
    }
  }
  return { names, owners, known, crcs, meant };
}

/** Numbers for names, also for such as no file has in this form. */
class Naming {
  readonly #symbols: readonly string[];
  readonly #prefix: string;
  readonly #added: string[] = [];
  #numbers: Map<string, number> | undefined;

  constructor(symbols: readonly string[], prefix: string) {
    this.#symbols = symbols;
    this.#prefix = prefix;
  }

  get names(): readonly string[] {
    return this.#added.length === 0 ? this.#symbols : [...this.#symbols, ...this.#added];
  }

  exported(name: string): string {
    return withoutPrefix(name, this.#prefix);
  }

  /** On 64-bit PowerPC a function's code has a dot before its name. */
  needed(name: string): string {
    return this.exported(name.startsWith('.') ? name.slice(1) : name);
  }

  number(name: string): number {
    this.#numbers ??= new Map(this.#symbols.map((symbol, number) => [symbol, number]));
    const existing = this.#numbers.get(name);
    if (existing !== undefined) return existing;
    const number = this.#symbols.length + this.#added.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }

  /** The numbers of the contributions' symbols under other names. */
  renaming(rename: (name: string) => string): (symbol: number) => number {
    const renamed = new Map<number, number>();
    const first = this.#prefix.charCodeAt(0);
    const count = this.#symbols.length;
    for (let symbol = 0; symbol < count; symbol++) {
      const name = this.#symbols[symbol] as string;
      const character = name.charCodeAt(0);
      // Hardly any name is another one; there are tens of thousands.
      if (character !== DOT && character !== first) continue;
      const other = rename(name);
      if (other !== name) renamed.set(symbol, this.number(other));
    }
    return renamed.size === 0 ? (symbol) => symbol : (symbol) => renamed.get(symbol) ?? symbol;
  }
}
