import { modulesAndExports } from '../api/kernel-symbols.ts';
import { treeOf } from '../api/place-options.ts';
import { knownVersions, witnessNames } from '../api/version-source.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { versionedSymbolName } from '../module-file/prototype-crc.ts';
import type { CliIo } from './cli-io.ts';
import { type OptionName, parseArguments, parseOptions } from './getopt-long.ts';
import { errorDocument, jsonDocument } from './json-output.ts';
import { ksymsManual } from './ksyms-manual.ts';
import { helpText } from './manual.ts';
import { ERROR_LEVEL, Messages } from './messages.ts';
import { refusalText } from './refusal-text.ts';
import { toolVersionText } from './version.ts';

type OptionId = 'all' | 'info' | 'noheader' | 'json' | 'versions' | 'version' | 'help';

/** Those of modutils 2.4, where -h is not help, and our own --json. */
export const ksymsOptionNames: readonly OptionName<OptionId>[] = [
  { long: 'all', short: 'a', id: 'all' },
  { long: 'info', short: 'm', id: 'info' },
  { long: 'noheader', short: 'h', id: 'noheader' },
  { long: 'version', short: 'V', id: 'version' },
  { long: 'help', short: 'H', id: 'help' },
  { long: 'json', id: 'json', isExact: true },
  { long: 'versions', id: 'versions', isExact: true },
];

/** ksyms(8), which modutils had up to Linux 2.4. */
export async function runKsyms(argv: readonly string[], io: CliIo, program: string): Promise<number> {
  const messages = new Messages(io, program, ERROR_LEVEL);
  const { options, operands, mistake } = parseArguments(argv, ksymsOptionNames, parseOptions(io.env));
  const end = options.find(({ id }) => id === 'help' || id === 'version');
  if (end !== undefined) {
    io.stdout(end.id === 'help' ? helpText(ksymsManual, program) : toolVersionText());
    return 0;
  }
  if (mistake !== undefined) {
    messages.mistake(mistake);
    return 1;
  }
  if (operands.length > 0) {
    messages.error('too many arguments provided.');
    return 1;
  }
  const has = (wanted: OptionId): boolean => options.some(({ id }) => id === wanted);
  try {
    const listing = await symbolListing(io, { isWhole: has('all'), withVersions: has('versions') });
    if (has('json')) io.stdout(jsonDocument('ksyms', jsonOf(listing)));
    else io.stdout(textOf(listing, { withInfo: has('info'), withHeader: !has('noheader') }));
    return 0;
  } catch (error) {
    if (has('json')) io.stdout(errorDocument(error));
    messages.error(`could not get the kernel's symbols: ${refusalText(error)}`);
    return 1;
  }
}

/** A symbol of the listing. */
interface ListedSymbol {
  readonly name: string;
  readonly address: bigint | null;
}

/** A module, or null for the kernel itself, and its symbols. */
interface ListedOwner {
  readonly module: LoadedModule | null;
  readonly symbols: readonly ListedSymbol[];
}

interface Listing {
  readonly owners: readonly ListedOwner[];
  readonly addressesHidden: boolean;
}

async function symbolListing(
  io: CliIo,
  { isWhole, withVersions }: { readonly isWhole: boolean; readonly withVersions: boolean },
): Promise<Listing> {
  const { modules, exports } = await modulesAndExports(io.kernel);
  const { addressesHidden } = exports;
  const owners = modules.map((module): ListedOwner => {
    const symbols = exports.modules.get(module.name)?.symbols ?? [];
    return { module, symbols: symbols.map(({ name, value }) => ({ name, address: value })) };
  });
  const resident = exports.resident.map(({ name, value }) => ({ name, address: value }));
  const all = isWhole ? [...owners, { module: null, symbols: resident }] : owners;
  return { owners: withVersions ? await versioned(all, io) : all, addressesHidden };
}

/** With the versions in the names, of those whose versions are known. */
async function versioned(owners: readonly ListedOwner[], io: CliIo): Promise<readonly ListedOwner[]> {
  const loaded = witnessNames(owners.flatMap(({ module }) => module ?? []));
  const names = owners.flatMap(({ symbols }) => symbols.map(({ name }) => name));
  const known = await knownVersions({ tree: treeOf({ root: io.root, release: io.release }), loaded }, names);
  return owners.map(({ module, symbols }) => ({
    module,
    symbols: symbols.map((symbol) => {
      const version = known.get(symbol.name);
      return version === undefined
        ? symbol
        : { ...symbol, name: versionedSymbolName(symbol.name, version.crc) };
    }),
  }));
}

const HIDDEN = '(hidden)';

function textOf(
  { owners, addressesHidden }: Listing,
  { withInfo, withHeader }: { readonly withInfo: boolean; readonly withHeader: boolean },
): string {
  // As wide as the addresses are.
  const width = addressesHidden || !isNarrow(owners) ? 16 : 8;
  const column = (text: string): string => text.padEnd(width);
  const addressText = (address: bigint | null): string =>
    column(address === null ? HIDDEN : address.toString(16).padStart(width, '0'));
  const lines = owners.flatMap(({ module, symbols }) => {
    const owner = module === null ? '' : `[${module.name}]`;
    const info =
      withInfo && module !== null ? [lineOf(addressText(baseOf(module)), sizeOf(module), owner)] : [];
    return [...info, ...symbols.map(({ name, address }) => lineOf(addressText(address), name, owner))];
  });
  const header = withHeader ? lineOf(column('Address'), 'Symbol', 'Defined by') : '';
  return header + lines.join('');
}

function baseOf({ address }: LoadedModule): bigint | null {
  return address === null ? null : BigInt(address);
}

function sizeOf({ size }: LoadedModule): string {
  return `(${Math.ceil(size / 1024)}k)`;
}

function isNarrow(owners: readonly ListedOwner[]): boolean {
  return owners.every(({ symbols }) => symbols.every(({ address }) => (address ?? 0n) < 2n ** 32n));
}

function jsonOf({ owners, addressesHidden }: Listing): object {
  return {
    addressesHidden,
    owners: owners.map(({ module, symbols }) => ({
      module: module?.name ?? null,
      address: module?.address ?? null,
      size: module?.size ?? null,
      symbols: symbols.map(({ name, address }) => ({ name, address: hexOf(address) })),
    })),
  };
}

function lineOf(first: string, second: string, owner: string): string {
  return `${`${first}  ${second.padEnd(32)}  ${owner}`.trimEnd()}\n`;
}

function hexOf(address: bigint | null): string | null {
  return address === null ? null : `0x${address.toString(16)}`;
}
