import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeIndex } from '../../src/index-files/index-writer.ts';
import { ElfImage } from '../../src/module-file/elf-image.ts';
import { configSets } from '../config/config-sets.ts';
import { compressedSamples } from '../fixtures/compressed-samples.ts';
import { writeIndex as writeOldIndex } from '../fixtures/index-writer.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { originalCases } from '../config/modules-conf/original-cases.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { listingSeeds, treeSeeds } from './tree-seeds.ts';

/** Kernels whose files the seeds are made of: plain modules, and compressed ones. */
const [PLAIN, COMPRESSED] = ['6.1', '6.12'];
const COUNT = 40;
const SIGNATURE_AND_SOME_CONTENT = 1024;

/** Writes the inputs that a target's fuzzing starts with. */
export async function writeSeeds(target: string, folder: string): Promise<void> {
  for (const seed of (await seeds[target]?.()) ?? []) {
    const name = createHash('sha256').update(seed).digest('hex').slice(0, 16);
    writeFileSync(join(folder, name), seed);
  }
}

const modules = async (): Promise<readonly Buffer[]> => [
  ...(await smallModules(PLAIN)),
  ...syntheticModules(),
];

const seeds: Readonly<Record<string, () => Promise<readonly Buffer[]>>> = {
  'module-file': modules,
  'quick-reader': modules,
  'modinfo-window': modules,

  signature: async () =>
    (await smallModules(PLAIN)).map((module) => module.subarray(-SIGNATURE_AND_SOME_CONTENT)),

  modinfo: async () => {
    const files = await smallModules(PLAIN);
    const { directory } = await referenceTree(PLAIN);
    const builtin = readFileSync(join(directory, 'modules.builtin.modinfo'));
    const sections = files.map((bytes) => {
      const image = new ElfImage(bytes, 'seed.ko');
      const section = image.section('.modinfo');
      return section === undefined ? Buffer.alloc(0) : image.bytesOf(section);
    });
    return [...sections, builtin.subarray(0, 4096), builtin.subarray(-4096)];
  },

  index: async () => {
    const { directory } = await referenceTree(PLAIN);
    const lines = readFileSync(join(directory, 'modules.alias'), 'latin1').split('\n');
    const sets = [0, 1000, 5000, 15_000].map((start) =>
      lines.slice(start, start + 40).flatMap((line, place) => {
        const [, key, value] = /^alias (\S+) (\S+)$/.exec(line) ?? [];
        return key === undefined || value === undefined ? [] : [{ key, value, priority: place }];
      }),
    );
    return [
      ...sets.map((set) => writeIndex(set)),
      ...sets.map((set) => writeOldIndex(set, 'children-first')),
      readFileSync(join(directory, 'modules.builtin.bin')),
      readFileSync(join(directory, 'modules.builtin.alias.bin')),
      readFileSync(join(directory, 'modules.softdep')),
    ];
  },

  'modules-conf': async () => originalCases.map(({ text }) => Buffer.from(text)),

  configuration: async () =>
    configSets.flatMap(({ files }) =>
      Object.values(files).flatMap((file) =>
        typeof file === 'string' || file instanceof Uint8Array ? [Buffer.from(file as string)] : [],
      ),
    ),

  uevent: async () =>
    await Promise.resolve(
      [
        'add@/module/loop|ACTION=add|DEVPATH=/module/loop|SUBSYSTEM=module|SEQNUM=770|',
        'remove@/module/a|ACTION=remove|DEVPATH=/module/a|SUBSYSTEM=module|SYNTH_UUID=0|SEQNUM=1|',
        '   mount-243     [000] .....   123.456789: module_request: fs-x wait=1 call_site=get_fs_type [a]\n',
        '<...>-7 [000] d..1. 1.000001: module_request: a\nb wait=0 call_site=c\nCPU:0 [LOST 2 EVENTS]\n',
      ].map((text) => Buffer.from(text.replaceAll('|', '\0'))),
    ),

  contribution: async () =>
    (await modules()).map((bytes, index) => Buffer.concat([Buffer.from([index]), bytes])),

  'tree-indexes': async () => treeSeeds(),
  'tree-listing': async () => listingSeeds(),

  decoder: async () => {
    const files = [...(await smallModules(COMPRESSED)), ...compressedSamples.map(({ bytes }) => bytes)];
    return files.map((bytes, index) => Buffer.concat([Buffer.from([index]), bytes]));
  },
};

async function smallModules(kernel: string): Promise<Buffer[]> {
  const { directory } = await referenceTree(kernel);
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ko(?:\.xz)?$/.test(name))
    .map((name) => ({ path: join(directory, name), size: statSync(join(directory, name)).size }))
    .sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1))
    .slice(0, COUNT)
    .map(({ path }) => readFileSync(path));
}

function syntheticModules(): Buffer[] {
  const content = {
    modinfo: ['license=GPL', 'alias=pci:v*', 'softdep=pre: a post: b', 'depends='],
    exports: [
      { name: 'plain', crc: 1 },
      { name: 'marked', crc: 2, gplOnly: true, namespace: 'NS' },
    ],
    needs: [
      { name: 'wanted', crc: 3 },
      { name: 'perhaps', weak: true },
    ],
    buildId: '0011223344556677',
  };
  return [true, false].flatMap((is64) =>
    [true, false].flatMap((littleEndian) =>
      (['plain', 'extended', 'both'] as const).flatMap((versionSections) => [
        moduleImage({ is64, littleEndian, versionSections, ...content }),
        moduleImage({ is64, littleEndian, versionSections, crcs: 'absolute', gplMarks: 'flags', ...content }),
      ]),
    ),
  );
}
