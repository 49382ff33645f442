/** Answers of the old calls in a guest, held against what the kernel shows in /proc and /sys. */
import { gunzipSync } from 'node:zlib';

import type { ExecutionContext } from 'ava';

import type { VirtualMachine } from '../../vm/index.ts';
import { loadedNames } from '../vm/in-guest.ts';

const LONG_NAME = 'a_symbol_with_a_longer_name_than_the_59_characters_of_struct_kernel_sym';

/** The table against /proc/kallsyms, read in another way. */
export async function symbolTable(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const seen = await vm.evaluate(async (longName) => {
    const calls = await import('kmodctl/syscalls');
    let [latest, longest] = [performance.now(), 0];
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - latest);
      latest = now;
    }, 1);
    const started = performance.now();
    const table = await calls.getKernelSyms();
    const duration = performance.now() - started;
    clearInterval(timer);
    const { decodeKernelSymbols, encodeKernelSymbols, kernelSymbolSize } = calls;
    const decoded = decodeKernelSymbols(encodeKernelSymbols(table.symbols));
    return {
      ...table,
      hasLong: table.symbols.some(({ name }) => name === longName),
      hasCut: decoded.some(({ name }) => name === longName.slice(0, 59)),
      entrySize: kernelSymbolSize(),
      duration: Math.round(duration),
      longest: Math.round(longest),
    };
  }, LONG_NAME);
  await vm.run(['sh', '-c', 'gzip -c /proc/kallsyms > /tmp/kallsyms.gz'], { timeout: 180_000 });
  const listed = gunzipSync(await vm.readFile('/tmp/kallsyms.gz')).toString('latin1');
  const addresses = new Set<string>();
  const exported: string[] = [];
  for (const line of listed.trimEnd().split('\n')) {
    const [, address = '', name = '', module = ''] = /^(\S+) \S (\S+)(?:\t\[(.*)\])?$/.exec(line) ?? [];
    addresses.add(`${module} ${name} ${address}`);
    if (name.startsWith('__ksymtab_')) exported.push(`${module} ${name.slice(10)}`);
  }
  let owner = '';
  const found: string[] = [];
  const faults: string[] = [];
  for (const { name, value } of seen.symbols) {
    const isMark = name.startsWith('#');
    if (isMark) owner = name.slice(1);
    else found.push(`${owner} ${name}`);
    const line = `${owner} ${isMark ? '__this_module' : name} ${value?.toString(16).padStart(16, '0')}`;
    if (name !== '#' && !addresses.has(line)) faults.push(line);
  }
  const loaded = await loadedNames(vm);
  const kernelAt = seen.symbols.findIndex(({ name }) => name === '#');
  const residents = seen.symbols.length - kernelAt - 1;
  t.log(
    `${seen.count} entries, ${residents} of the kernel, in ${seen.duration} ms; others waited ${seen.longest} ms at most`,
  );
  t.deepEqual([seen.source, seen.addressesHidden, seen.entrySize], ['emulated', false, 72]);
  t.deepEqual([seen.count, seen.symbols.length], [exported.length + loaded.length + 1, seen.count]);
  // All of them, each with its address; and each #NAME with that of the module's own structure.
  t.deepEqual(found.toSorted(), exported.toSorted());
  t.deepEqual(faults, []);
  // The last that was loaded is the first, and the kernel's own symbols are behind a mark without a name.
  const marks = seen.symbols.map(({ name }) => name).filter((name) => name.startsWith('#'));
  t.deepEqual(marks, [...loaded.map((name) => `#${name}`), '#']);
  t.deepEqual(marks.slice(0, 4), ['#slave', '#import', '#longname', '#export']);
  t.is(seen.symbols[kernelAt]?.value, 0n);
  t.true(residents > 10_000);
  t.deepEqual([seen.hasLong, seen.hasCut], [true, true]);
}

/** Each kind of query_module, against /proc/modules and /sys/module. */
export async function questions(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const seen = await vm.evaluate(async () => {
    const { readFileSync } = await import('node:fs');
    const calls = await import('kmodctl/syscalls');
    const { decodeModuleNames, queryModule, QM_DEPS, QM_INFO, QM_MODULES, QM_REFS, QM_SYMBOLS } = calls;
    const buffer = Buffer.alloc(4096);
    const { ret } = await queryModule(null, QM_MODULES, { buffer });
    const codes: string[] = [];
    for (const [name, which] of [
      ['nosuch', QM_INFO],
      [null, QM_DEPS],
      [null, 17],
    ] as const)
      await queryModule(name, which).catch((error: unknown) => codes.push((error as { code: string }).code));
    const small = (await queryModule('export', QM_INFO, { buffer: Buffer.alloc(8) }).catch(
      (error: unknown) => error,
    )) as { code: string; needed: number };
    return {
      modules: decodeModuleNames(buffer, ret),
      deps: (await queryModule('import', QM_DEPS)).names,
      refs: (await queryModule('export', QM_REFS)).names,
      symbols: (await queryModule('export', QM_SYMBOLS)).symbols?.map(({ name }) => name),
      info: (await queryModule('export', QM_INFO)).info,
      record: readFileSync('/sys/module/export/sections/.gnu.linkonce.this_module', 'latin1').trim(),
      codes,
      small: [small.code, small.needed],
    };
  });
  t.deepEqual([...seen.modules], await loadedNames(vm));
  t.deepEqual([seen.deps, seen.refs, seen.symbols], [['export'], ['import'], ['export_function']]);
  const [, size, refcount] = /^export (\d+) (\d+)/m.exec(await vm.readFile('/proc/modules', 'utf8')) ?? [];
  t.deepEqual(seen.info, {
    address: BigInt(seen.record),
    size: Number(size),
    flags: 1,
    usecount: Number(refcount),
  });
  t.deepEqual([refcount, seen.codes], ['1', ['ENOENT', 'EINVAL', 'EINVAL']]);
  t.deepEqual(seen.small, ['ENOSPC', 32]);
}
