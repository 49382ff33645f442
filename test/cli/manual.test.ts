import { readdirSync, readFileSync } from 'node:fs';

import test from 'ava';

import { depmodOptionNames } from '../../src/cli/depmod-options.ts';
import type { OptionName } from '../../src/cli/getopt-long.ts';
import { kmodOptionNames } from '../../src/cli/kmod.ts';
import { ksymsOptionNames } from '../../src/cli/ksyms.ts';
import { subcommandManuals, toolManuals } from '../../src/cli/kmodctl-manual.ts';
import { manualPages } from '../../src/cli/man-page.ts';
import { helpText, manualOptions, optionSpellings, type Manual } from '../../src/cli/manual.ts';
import { modinfoOptionNames } from '../../src/cli/modinfo-options.ts';
import { modprobeOptionNames } from '../../src/cli/modprobe-options.ts';
import { insertingOptions, readingOptions, removingOptions } from '../../src/cli/tool-options.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

const tables: Readonly<Record<string, readonly OptionName<string>[]>> = {
  modprobe: modprobeOptionNames,
  insmod: insertingOptions,
  rmmod: removingOptions,
  lsmod: readingOptions,
  modinfo: modinfoOptionNames,
  depmod: depmodOptionNames,
  kmod: kmodOptionNames,
  ksyms: ksymsOptionNames,
};

/** Each name of an option; with an equals sign behind it if it takes a value. */
function spellingsOfTable(table: readonly OptionName<string>[]): readonly string[] {
  return table
    .flatMap(({ long, short, takesValue }) =>
      [long && `--${long}`, short && `-${short}`].map(
        (name) => name && `${name}${takesValue === undefined ? '' : '='}`,
      ),
    )
    .filter((name) => name !== undefined)
    .sort();
}

function spellingsOfManual(manual: Manual): readonly string[] {
  return manualOptions(manual)
    .flatMap((option) =>
      optionSpellings(option).map(({ name, value }) => name + (value === undefined ? '' : '=')),
    )
    .sort();
}

test('the manual of each tool has the options that it takes, and no others', (t) => {
  t.deepEqual(
    Object.keys(tables),
    toolManuals.map(({ name }) => name),
  );
  for (const manual of toolManuals)
    t.deepEqual(spellingsOfManual(manual), spellingsOfTable(tables[manual.name] ?? []), manual.name);
});

test('help texts and manual pages name every option', (t) => {
  const pages = manualPages();
  for (const manual of [...toolManuals, ...subcommandManuals()]) {
    const help = helpText(manual, manual.name);
    const page = pages.get(`${manual.name}.8`) ?? pages.get('kmodctl.8') ?? '';
    for (const option of manualOptions(manual))
      for (const { name } of optionSpellings(option)) {
        t.true(help.includes(name), `${name} in the help of ${manual.name}`);
        t.true(page.includes(`\\fB${name.replaceAll('-', '\\-')}`), `${name} in the page of ${manual.name}`);
      }
    t.true(
      help.split('\n').every((line) => line.length <= 110),
      manual.name,
    );
  }
});

test('the pages are those that the manuals make (npm run manual), and the package lists them', (t) => {
  const pages = manualPages();
  const files = readdirSync('docs/man').sort();
  t.deepEqual(files, [...pages.keys()].sort());
  for (const file of files) t.is(readFileSync(`docs/man/${file}`, 'utf8'), pages.get(file) ?? '', file);
  const { man } = JSON.parse(readFileSync('package.json', 'utf8')) as { man: readonly string[] };
  t.deepEqual(
    man,
    files.map((file) => `docs/man/${file}`),
  );
});

test('the pages are made of known macros only', (t) => {
  for (const [name, page] of manualPages())
    for (const line of page.split('\n'))
      if (/^[.']/.test(line)) t.regex(line, /^\.(?:\\"|TH|SH|SS|PP|TP|B|BR|br)(?: |$)/, name);
});

test('kmodctl help, for each command', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const { stdout } = await runCli(root, ['kmodctl', 'help']);
  for (const { name } of [...subcommandManuals(), ...toolManuals]) {
    t.true(stdout.includes(name));
    const named = await runCli(root, ['kmodctl', 'help', name]);
    t.regex(named.stdout, /^Usage:/, name);
    t.is(named.exitCode, 0);
  }
  t.regex((await runCli(root, ['kmodctl', 'lod'])).stderr, /did you mean load\?/);
  t.regex((await runCli(root, ['kmodctl', 'list', '--jsn'])).stderr, /did you mean --json\?/);
});
