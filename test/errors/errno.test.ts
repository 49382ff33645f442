import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

import test from 'ava';

import { errnoEntries, errnoEntry, errnoNumber } from '../../src/errors/errno.ts';

const KERNEL_INTERNAL = 512;

/** Number, name and text of each errno, as the C library and its headers have them. */
function libraryTable(): Map<number, { name: string; text: string }> {
  const script = `
import errno, json, os
print(json.dumps([[number, name, os.strerror(number)] for number, name in errno.errorcode.items()]))`;
  const rows = JSON.parse(
    execFileSync('python3', ['-c', script], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }),
  ) as [number, string, string][];
  return new Map(rows.map(([number, name, text]) => [number, { name, text }]));
}

/** The names of errno.h with their numbers, from the C compiler. */
function headerNames(): Map<string, number> {
  const macros = execFileSync('cc', ['-E', '-dM', '-include', 'errno.h', '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
  });
  const found = new Map<string, number>();
  const aliases: [string, string][] = [];
  for (const [, name = '', value = ''] of macros.matchAll(/^#define (E[A-Z0-9]+) (\w+)$/gm))
    if (/^\d+$/.test(value)) found.set(name, Number(value));
    else aliases.push([name, value]);
  for (const [alias, name] of aliases) {
    const number = found.get(name);
    if (number !== undefined) found.set(alias, number);
  }
  return found;
}

test("every number has the C library's text", (t) => {
  const library = libraryTable();
  t.true(library.size > 120);
  for (const [number, { name, text }] of library) {
    t.is(errnoEntry(number)?.text, text, `${number} ${name}`);
    t.is(errnoNumber(name), number, name);
  }
});

test("the names are those of the C library's header, no more and no fewer", (t) => {
  const header = headerNames();
  t.true(header.size > 120);
  for (const [name, number] of header) t.is(errnoNumber(name), number, name);
  const own = errnoEntries().filter(({ number }) => number < KERNEL_INTERNAL);
  for (const { name, number } of own) t.is(header.get(name), number, name);
});

test("the names that Node knows have Node's numbers", (t) => {
  for (const [name, number] of Object.entries(constants.errno)) t.is(errnoNumber(name), number, name);
  for (const [negative, [name]] of getSystemErrorMap())
    if (-negative < KERNEL_INTERNAL) t.is(errnoNumber(name), -negative, name);
});

test('numbers and names are unique, ascending, and found by either sign', (t) => {
  const entries = errnoEntries();
  t.deepEqual(
    entries.map(({ number }) => number),
    [...new Set(entries.map(({ number }) => number))].sort((a, b) => a - b),
  );
  t.is(new Set(entries.map(({ name }) => name)).size, entries.length);
  for (const entry of entries) {
    t.is(errnoEntry(entry.number), entry);
    t.is(errnoEntry(-entry.number), entry);
  }
});

test('unknown numbers and names have no entry', (t) => {
  for (const number of [0, 41, 58, 134, 511, 520, 4095, 5000]) t.is(errnoEntry(number), undefined);
  for (const name of ['', 'eperm', 'ENOSUCH', '__proto__']) t.is(errnoNumber(name), undefined);
});
