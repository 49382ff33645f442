import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import type { IndexOutput } from '../../src/depmod/index-output.ts';
import { noKernelSymbols } from '../../src/depmod/kernel-symbols.ts';
import { moduleCandidate } from '../../src/depmod/module-candidates.ts';
import { ModuleList } from '../../src/depmod/module-list.ts';
import { makeOutputs } from '../../src/depmod/module-outputs.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';
import { quickOutputs } from '../../src/depmod/quick-outputs.ts';
import { scanModules, type ScanResult } from '../../src/depmod/scan.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { moduleImage, type ModuleImageOptions } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-quick-'));
test.after.always(() => {
  rmSync(folder, { recursive: true });
});

let trees = 0;

/** Modules that were read, by their names. */
class ReadTree {
  readonly directory = join(folder, `${++trees}`);
  readonly paths: readonly string[];
  readonly scan: ScanResult;

  constructor(modules: Readonly<Record<string, ModuleImageOptions | string>>) {
    mkdirSync(this.directory);
    this.paths = Object.entries(modules).map(([name, module]) => {
      const path = join(this.directory, name);
      writeFileSync(path, typeof module === 'string' ? module : moduleImage(module));
      return path;
    });
    this.scan = scanModules(this.paths, { helpers: 0 });
  }

  list(): ModuleList {
    const { directory } = this;
    return ModuleList.of(
      this.paths.map((path) => moduleCandidate(path, directory)),
      directory,
    );
  }

  /** What the addon makes of them. */
  quick(parallel = false): readonly IndexOutput[] | undefined {
    const { directory } = this;
    const { names, paths } = this.list();
    return quickOutputs(
      { names, paths, parts: this.scan.parts, parallel },
      { directory, compat: false, textOnly: false, report: () => undefined },
    );
  }

  /** What the complete way makes of them: whoever wants to be told of edges gets that one. */
  complete(): readonly IndexOutput[] {
    const { directory, scan } = this;
    return makeOutputs(
      { release: '6', onEdge: () => undefined },
      {
        directory,
        scan,
        modules: this.list(),
        kernelSymbols: { symbols: noKernelSymbols, isChecked: false, hasVersions: false },
        report: () => undefined,
      },
    );
  }
}

function texts(outputs: readonly IndexOutput[] | undefined): unknown {
  return outputs?.map(({ name, content }) => [name, content.toString('latin1')]);
}

function assertSame(t: ExecutionContext, tree: ReadTree, label?: string): void {
  const expected = texts(tree.complete());
  for (const parallel of [false, true]) {
    const made = texts(tree.quick(parallel));
    if (!isDeepStrictEqual(made, expected)) t.deepEqual(made, expected, label);
  }
  t.pass();
}

test('both ways give the same files', (t) => {
  const random = pseudoRandom(5);
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
  for (let round = 0; round < 60; round++) {
    const count = random(30);
    const modules: Record<string, ModuleImageOptions | string> = {};
    for (let number = 0; number < count; number++) {
      const letters = Array.from({ length: 1 + random(4) }, () => pick(['a', 'b', '-', '_', '0'])).join('');
      // Modules need what those before them export only: no circles.
      const needs = Array.from(
        { length: number === 0 ? 0 : random(5) },
        () => `symbol_${random(number)}_${random(4)}`,
      );
      modules[`${letters}${number}.ko`] =
        random(20) === 0
          ? 'damaged'
          : {
              modinfo: Array.from({ length: random(6) }, () =>
                pick([
                  `alias=pci:v0000${random(9)}d*`,
                  `alias=x-${random(5)}-y`,
                  `alias=usb:[0-${random(9)}]-[a-b]*`,
                  'alias=',
                  'alias=devname:some/node',
                  `alias=char-major-10-${random(300)}`,
                  `softdep=pre: a${random(3)}`,
                  'softdep=',
                  `weakdep=b-c ${random(3)}`,
                  'license=GPL',
                ]),
              ),
              exports: Array.from({ length: random(5) }, () => ({
                name: `symbol_${number}_${random(4)}`,
                crc: 1,
              })),
              needs: [...new Set(needs)].map((name) => ({ name, crc: 1, weak: random(3) === 0 })),
            };
    }
    assertSame(t, new ReadTree(modules), `round ${round}`);
  }
});

test('names and numbers of every length', (t) => {
  const long = 'n'.repeat(300);
  const exports = Array.from({ length: 70 }, (_, length) => ({ name: 's'.repeat(length + 1), crc: length }));
  assertSame(
    t,
    new ReadTree({
      'user.ko': {
        needs: exports.map(({ name }) => ({ name })),
        modinfo: [`alias=${long}`, `alias=${'-'.repeat(500)}`],
      },
      'exporter.ko': { exports },
      [`${'l'.repeat(200)}.ko`]: { exports: [{ name: 'twice', crc: 1 }] },
      'again.ko': { exports: [{ name: 'twice', crc: 2 }], needs: [{ name: 'twice', crc: 2 }].slice(1) },
      'last.ko': { needs: [{ name: 'twice', crc: 1 }] },
    }),
  );
  assertSame(t, new ReadTree({}));
  assertSame(t, new ReadTree({ 'damaged.ko': 'x' }));
});

test('what is unusual is left to the complete way', (t) => {
  const unusual: Readonly<Record<string, Readonly<Record<string, ModuleImageOptions>>>> = {
    'a circle': {
      'a.ko': { exports: [{ name: 'a', crc: 1 }], needs: [{ name: 'b', crc: 1 }] },
      'b.ko': { exports: [{ name: 'b', crc: 1 }], needs: [{ name: 'a', crc: 1 }] },
    },
    'a name with a dot in front': { 'a.ko': { needs: [{ name: '.a', crc: 1 }] } },
    'an open bracket': { 'a.ko': { modinfo: ['alias=x[0-9'] } },
    'a closed bracket': { 'a.ko': { modinfo: ['alias=x]0'] } },
    'an alias that is not ASCII': { 'a.ko': { modinfo: ['alias=\u00fc'] } },
    'a symbol that is not ASCII': { 'a.ko': { exports: [{ name: '\u00fc', crc: 1 }] } },
    'a path that is not ASCII': { '\u00fc.ko': {} },
  };
  for (const [label, modules] of Object.entries(unusual))
    t.is(new ReadTree(modules).quick(), undefined, label);
});

test('columns that do not fit together are no harm', (t) => {
  const binding = nativeBinding();
  const tree = new ReadTree({
    'a.ko': { exports: [{ name: 'a', crc: 1 }], modinfo: ['alias=x', 'softdep=y'] },
    'b.ko': { needs: [{ name: 'a', crc: 1 }], modinfo: ['alias=z'] },
  });
  const [part] = tree.scan.parts;
  if (part === undefined) throw new Error('the addon is missing');
  const names = packTexts(['a', 'b']);
  const make = (columns: Partial<typeof part.columns>, more: Partial<typeof part> = {}): unknown =>
    binding.makeIndexes(
      names,
      names,
      [{ ...part, columns: { ...part.columns, ...columns }, ...more }],
      2 ** 20,
      false,
    );
  t.not(make({}), null);
  const random = pseudoRandom(3);
  const { rows, exports, needs } = part.columns;
  for (let round = 0; round < 3000; round++) {
    const changed = { rows: rows.slice(), exports: exports.slice(), needs: needs.slice() };
    const column = [changed.rows, changed.exports, changed.needs][random(3)] ?? rows;
    column[random(column.length)] = [random(4), 0xffff_ffff, 0x8000_0000][random(3)] ?? 0;
    t.notThrows(() => make(changed));
  }
  t.is(make({ exports: Uint32Array.of(7) }), null);
  t.is(make({ texts: [Buffer.from('x'), Buffer.alloc(0), Buffer.alloc(0)] }), null);
  t.is(make({ rows: rows.subarray(0, 7) }), null);
  t.is(make({}, { names: packTexts([]) }), null);
  t.is(binding.makeIndexes(packTexts(['a']), packTexts(['a']), [part], 2 ** 20, false), null);
  t.is(binding.makeIndexes(names, names, [part, part], 2 ** 20, false), null);
  t.is(binding.makeIndexes(names, names, [part], 10, false), null);
  t.throws(() => binding.makeIndexes(names, packTexts(['a']), [part], 10, false), { instanceOf: TypeError });
  t.throws(() => make({}, { names: { bytes: Buffer.from('a'), starts: Uint32Array.of(0, 2) } }), {
    instanceOf: TypeError,
  });
  t.throws(() => make({}, { names: { bytes: Buffer.from('a'), starts: new Uint32Array(0) } }), {
    instanceOf: TypeError,
  });
});
