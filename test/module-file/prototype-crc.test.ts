import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { prototypeCrc, versionedSymbolName } from '../../src/module-file/prototype-crc.ts';
import { prepareBuildRoot, runInRoot } from '../../vm/kernels/build-root.ts';
import { resolveKernel } from '../../vm/kernels/resolve-kernel.ts';
import { testKernels } from '../reference/test-kernels.ts';

test('the three versions that are printed in a book of 2001', (t) => {
  const printk =
    '__attribute__((regparm(0))) int printk(const char *, ...) __attribute__((format(printf,1,2)))';
  t.is(prototypeCrc('int export_function(int, int)'), 0x888c_b211);
  t.is(prototypeCrc('int request_module(const char *)'), 0x27e4_dc04);
  t.is(prototypeCrc(printk), 0x1b7d_4074);
  t.is(versionedSymbolName('printk', prototypeCrc(printk), 'smp_'), 'printk_Rsmp_1b7d4074');
  t.is(versionedSymbolName('kfree', 0x37a_0cba), 'kfree_R037a0cba');
  t.is(prototypeCrc('int  export_function ( int,\n\tint )'), prototypeCrc('int export_function(int,int)'));
  t.throws(() => prototypeCrc(' \n'), { instanceOf: KmodError });
});

/** Declarations, and what genksyms expands them to. */
const declarations: readonly (readonly [name: string, source: string, expanded: string])[] = [
  ['export_function', 'int export_function(int i, int j) { return i + j; }', 'int export_function(int, int)'],
  ['arr', 'int arr[1<<3];', 'int arr[1 << 3]'],
  ['fp', 'int (*fp)(int a, char *b);', 'int (*fp)(int, char *)'],
  ['p', 'extern const volatile unsigned long long *p;', 'const volatile unsigned long long *p'],
  ['v', 'int v(const char *format, ...);', 'int v(const char *, ...)'],
  ['t', 'typedef unsigned long word; word t(word x);', 'typedef unsigned long word t(word)'],
];

/** Some that are in every kernel. */
const kernelSymbols: readonly string[] = [
  'void kfree(const void *)',
  'int strcmp(const char *, const char *)',
  'char *strchr(const char *, int)',
  'void msleep(unsigned int)',
  'unsigned long simple_strtoul(const char *, char **, unsigned int)',
];

for (const kernel of testKernels)
  test(`${kernel}: the real genksyms, and the kernel's own Module.symvers`, async (t) => {
    t.timeout(600_000, 'fetches the headers the first time');
    const prepared = await resolveKernel(kernel, {});
    const root = await prepareBuildRoot(prepared, {});
    const folder = mkdtempSync(join(root, 'tmp', 'genksyms-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const text = declarations.map(([name, source]) => `${source}\n__GENKSYMS_EXPORT_SYMBOL(${name});\n`);
    writeFileSync(join(folder, 'x.c'), `# 1 "x.c"\n${text.join('')}`);
    const inside = folder.slice(root.length);
    const { stdout } = await runInRoot(
      root,
      `/usr/lib/linux-kbuild-*/scripts/genksyms/genksyms < ${inside}/x.c`,
    );
    for (const [name, , expanded] of declarations) {
      const crc = prototypeCrc(expanded).toString(16).padStart(8, '0');
      t.regex(stdout, new RegExp(`^#SYMVER ${name} 0x${crc}$`, 'm'), expanded);
    }
    const symvers = join(root, 'usr/src', `linux-headers-${prepared.release}`, 'Module.symvers');
    const known = new Map(
      readFileSync(symvers, 'utf8')
        .split('\n')
        .map((line) => line.split('\t').slice(0, 2).reverse() as [string, string]),
    );
    for (const prototype of kernelSymbols) {
      const name = /(\w+)\(/.exec(prototype)?.[1] ?? '';
      t.is(
        `0x${prototypeCrc(prototype).toString(16).padStart(8, '0')}`,
        known.get(name) ?? 'not there',
        prototype,
      );
    }
  });
