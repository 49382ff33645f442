import { ContributionReader } from '../../src/module-file/contribution-reader.ts';
import type { ContributionSink } from '../../src/module-file/contribution-sink.ts';
import { ElfImage } from '../../src/module-file/elf-image.ts';
import { exportedSymbols, listedExports } from '../../src/module-file/exported-symbol.ts';
import { neededSymbols } from '../../src/module-file/needed-symbol.ts';
import { symbolVersions } from '../../src/module-file/symbol-version.ts';
import { allowOwnErrors } from './own-errors.ts';

const path = 'fuzz.ko';

const ignored: ContributionSink = {
  alias() {},
  softDependency() {},
  weakDependency() {},
  exports() {},
  needs() {},
  problem() {},
};

/** A reader is costly to make, and keeps the names of all files: each one reads some thousand. */
const FILES_PER_READER = 5000;
let files = 0;
let readers = makeReaders();

function makeReaders(): readonly (readonly [compat: boolean, reader: ContributionReader])[] {
  return [false, true].map((compat) => [compat, new ContributionReader({ compat })]);
}

/** An unpacked module file. */
export function fuzz(data: Buffer): void {
  if (files++ % FILES_PER_READER === 0) readers = makeReaders();
  for (const [compat, reader] of readers) {
    allowOwnErrors(() => {
      reader.read(data, path, ignored);
    });
    allowOwnErrors(() => {
      readImage(new ElfImage(data, path, compat), compat);
    });
  }
}

function readImage(image: ElfImage, compat: boolean): void {
  for (const section of image.sections()) image.bytesOf(section);
  image.section('.modinfo');
  allowOwnErrors(() => exportedSymbols(image));
  allowOwnErrors(() => listedExports(image, compat));
  allowOwnErrors(() => neededSymbols(image, compat));
  allowOwnErrors(() => symbolVersions(image, compat));
}
