import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { writeIndex } from '../../src/index-files/index-writer.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import { compressedSamples } from '../fixtures/compressed-samples.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { fuzz as fuzzConfiguration } from './configuration-target.ts';
import { fuzz as fuzzDecoder } from './decoder-target.ts';
import { fuzz as fuzzIndex } from './index-target.ts';
import { fuzz as fuzzModinfo } from './modinfo-target.ts';
import { fuzz as fuzzModinfoWindow } from './modinfo-window-target.ts';
import { fuzz as fuzzModulesConf } from './modules-conf-target.ts';
import { fuzz as fuzzModuleFile } from './module-file-target.ts';
import { fuzz as fuzzQuickReader } from './quick-reader-target.ts';
import { fuzz as fuzzSignature } from './signature-target.ts';
import { fuzz as fuzzTreeIndexes } from './tree-indexes-target.ts';
import { fuzz as fuzzTreeListing } from './tree-listing-target.ts';
import { fuzz as fuzzUevent } from './uevent-target.ts';
import { listingSeeds, treeSeeds } from './tree-seeds.ts';

const SECONDS = 5;

const module = moduleImage({
  modinfo: ['license=GPL', 'parm=a:b', 'parmtype=a:int'],
  exports: [{ name: 'exported', crc: 5, namespace: 'NS' }],
  needs: [{ name: 'needed', crc: 6 }],
});
const sample = compressedSamples.at(-1)?.bytes ?? Buffer.alloc(0);

/** Each target, and an input that it takes to the end. */
const targets: Readonly<Record<string, readonly [fuzz: (data: Buffer) => void, sound: Buffer]>> = {
  'module-file': [fuzzModuleFile, module],
  'quick-reader': [fuzzQuickReader, module],
  contribution: [(data) => fuzzQuickReader(data.subarray(1)), Buffer.concat([Buffer.from([1]), module])],
  'modinfo-window': [fuzzModinfoWindow, module],
  signature: [fuzzSignature, Buffer.concat([module, Buffer.from('~Module signature appended~\n')])],
  modinfo: [fuzzModinfo, Buffer.from('license=GPL\0parm=a:b\0parmtype=a:int\0ext4.license=GPL\0')],
  configuration: [fuzzConfiguration, Buffer.from('softdep a-b pre: c\\\nd\noptions [é] a.b="c d"\n')],
  index: [fuzzIndex, writeIndex([{ key: 'fs-ext4', value: 'ext4', priority: 0 }])],
  'modules-conf': [
    fuzzModulesConf,
    Buffer.from('add options a p="$A b" \\\n q # c\nif ! -f x\ninclude x\nelse\npath[b]=$B/*\nendif\n'),
  ],
  'tree-indexes': [fuzzTreeIndexes, treeSeeds()[0] ?? Buffer.alloc(0)],
  'tree-listing': [fuzzTreeListing, listingSeeds()[0] ?? Buffer.alloc(0)],
  uevent: [
    fuzzUevent,
    Buffer.from('add@/module/a\0ACTION=add\0DEVPATH=/module/a\0SUBSYSTEM=module\0SEQNUM=7\0'),
  ],
  decoder: [fuzzDecoder, Buffer.concat([Buffer.from([1]), sample])],
};

const findings = join(packageRoot(), 'test', 'fuzz', 'findings');

for (const [target, [fuzz, sound]] of Object.entries(targets)) {
  test(`${target}: takes a sound input, cut and changed anywhere`, (t) => {
    for (let length = 0; length <= sound.length; length++) t.notThrows(() => fuzz(sound.subarray(0, length)));
    for (let index = 0; index < sound.length; index++) {
      const changed = Buffer.from(sound);
      changed[index] = ~(changed[index] ?? 0) & 0xff;
      t.notThrows(() => fuzz(changed), `byte ${index}`);
    }
  });

  const folder = join(findings, target);
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    test(`${target}: ${name}`, (t) => {
      const input = readFileSync(join(folder, name));
      const started = performance.now();
      t.notThrows(() => fuzz(input));
      t.true(performance.now() - started < SECONDS * 1000);
    });
}

test('every folder of findings belongs to a target', (t) => {
  t.deepEqual(
    readdirSync(findings).filter((name) => !(name in targets)),
    [],
  );
});
