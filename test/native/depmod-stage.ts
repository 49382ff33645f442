/** A child process for the test of depmod's part of the addon under AddressSanitizer. Prints one JSON value. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as afterEvents } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runDepmod } from '../../src/depmod/depmod.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';
import { nativeBinding, packageRoot } from '../../src/native/load-binding.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { fuzz as fuzzIndexes } from '../fuzz/tree-indexes-target.ts';
import { fuzz as fuzzListing } from '../fuzz/tree-listing-target.ts';
import { listingSeeds, treeSeeds } from '../fuzz/tree-seeds.ts';

const MODULES = 60;
const RELEASE = '6.1.0';

const root = mkdtempSync(join(tmpdir(), 'kmodctl-depmod-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));
const directory = join(root, 'lib/modules', RELEASE);

/** Modules of which each needs the one before, in folders of ten; one is there a second time, one is damaged. */
function makeTree(): void {
  for (let number = 0; number < MODULES; number++) {
    const folder = join(directory, 'kernel', `folder${Math.floor(number / 10)}`);
    mkdirSync(folder, { recursive: true });
    const image = moduleImage({
      modinfo: [`alias=pci:v${number}d-[0-9]*`, 'alias=devname:node', 'softdep=pre: m0', 'weakdep=m1'],
      exports: Array.from({ length: 5 }, (_, part) => ({ name: `symbol_${number}_${part}`, crc: part })),
      needs: number === 0 ? [] : [{ name: `symbol_${number - 1}_3`, crc: 3 }],
    });
    writeFileSync(join(folder, `m-${number}.ko`), number === 7 ? image.subarray(0, 100) : image);
  }
  mkdirSync(join(directory, 'updates'));
  linkSync(join(directory, 'kernel/folder0/m-3.ko'), join(directory, 'updates/m-3.ko'));
}

/** What depmod says of the tree and writes, on one thread or on several. */
function depmod(jobs: number): readonly unknown[] {
  const notices: string[] = [];
  const { moduleCount, readCount } = runDepmod({
    root,
    release: RELEASE,
    configPaths: [],
    cacheFile: join(root, 'cache'),
    jobs,
    report: ({ text }) => notices.push(text),
  });
  const files = readdirSync(directory).filter((name) => name.startsWith('modules.'));
  const contents = files.toSorted().map((name) => [name, readFileSync(join(directory, name), 'latin1')]);
  return [moduleCount, readCount, notices.length, contents];
}

function refusal(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as Error).name;
  }
}

makeTree();
const [one, several] = [depmod(1), depmod(3)];

for (const [fuzz, seeds, target] of [
  [fuzzIndexes, treeSeeds(), 'tree-indexes'],
  [fuzzListing, listingSeeds(), 'tree-listing'],
] as const) {
  const findings = join(packageRoot(), 'test/fuzz/findings', target);
  for (const seed of seeds) fuzz(seed);
  for (const name of existsSync(findings) ? readdirSync(findings) : [])
    fuzz(readFileSync(join(findings, name)));
}

const native = nativeBinding();
const texts = packTexts(['a', '', 'b']);
const outside = { bytes: Buffer.from('ab'), starts: Uint32Array.of(0, 3) };
const wrong = 1 as never;
const refused = [
  () => native.makeIndexes(texts, texts, [wrong], 1, false),
  () => native.makeIndexes(texts, outside, [], 1, false),
  () => native.listModules(directory, outside, texts),
  () => native.listModules(wrong, texts, texts),
  () => native.matchTexts(texts, outside),
  () => native.matchTexts(wrong, texts),
  () => native.stampFiles(wrong, new BigInt64Array(4)),
  () => native.startScan(wrong, new Uint32Array(1), 0, false),
  () => native.stepScan(wrong, 1),
  () => native.takeScan(wrong),
].map(refusal);

// Node frees its own part of a handle when it collects it, and not at the end of the process.
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
await afterEvents();

process.stdout.write(
  JSON.stringify({
    same: JSON.stringify(one) === JSON.stringify(several),
    modules: one[0],
    matched: [...(native.matchTexts(texts, packTexts(['b', '', 'b'])) ?? [])],
    nothing: [
      native.matchTexts(packTexts([]), texts)?.length,
      native.listModules(join(root, 'missing'), texts, texts),
      native.makeIndexes(texts, texts, [], 2 ** 20, true)?.dep.toString(),
      native.makeIndexes(texts, texts, [], 1, true),
    ],
    refused,
  }),
);
