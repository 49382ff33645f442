import { writeFileSync } from 'node:fs';

import test from 'ava';

import { readModprobeArguments } from '../../src/cli/modprobe-options.ts';
import { quoteWord, splitWords } from '../../src/cli/option-words.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

const kmod = await referenceKmod('34.2');
const root = new FixtureRoot();
const path = process.env['PATH'] ?? '';
test.after.always(() => {
  root.remove();
});

/** The words that kmod makes of MODPROBE_OPTIONS: it names each as a module that is not there. */
function kmodWords(options: string): readonly string[] {
  const env = { MODPROBE_OPTIONS: options };
  const place = ['-a', '-n', '-d', '/nowhere', '-S', '1', '-C', '/dev/null'];
  const { stderr } = kmod.run('modprobe', [...place, 'end'], { env });
  const names = stderr.matchAll(/^modprobe: WARNING: Module (.*) not found in directory .*$/gm);
  return [...names].map(([, name = '']) => name).slice(0, -1);
}

function ourWords(options: string, ...argv: readonly string[]): readonly string[] {
  const request = readModprobeArguments(['-a', 'end', ...argv], { MODPROBE_OPTIONS: options });
  if (request.kind !== 'run') throw new Error(request.kind);
  return request.arguments.operands.slice(0, -1);
}

const plain = [
  '',
  'a',
  'a b',
  'a ',
  "x'y z'",
  'x"y z" b',
  'x"a b"y c',
  '"a b"',
  "'a b'",
  '"a',
  "a'b c",
  'a\\ b',
];
const mangled = ['a  b', ' a', '  ', '"a b" c', "'a b' c", '"a b"y c', '"" c', '"a"  b', 'a\tb', '"a\\"b" c'];

test('MODPROBE_OPTIONS: what is plain is split as kmod splits it', (t) => {
  for (const options of plain) t.deepEqual(ourWords(options), kmodWords(options), options);
});

test('MODPROBE_OPTIONS: kmod makes empty words and loses quotes; with --compat=kmod so do we', (t) => {
  for (const options of mangled) t.deepEqual(ourWords(options, '--compat=kmod'), kmodWords(options), options);
  t.deepEqual(splitWords('  a  "b c"d\te\n\'\' '), ['a', 'b cd', 'e', '']);
  t.deepEqual(ourWords('  a  "b c"'), ['a', 'b c']);
});

/** What a nested modprobe finds in its environment. */
function kmodNested(argv: readonly string[], before: string | undefined): string | undefined {
  const env = { PATH: path, ...(before !== undefined && { MODPROBE_OPTIONS: before }) };
  const { stdout } = kmod.run('modprobe', [...argv, 'nosuch'], { env });
  return /^MO=\[(.*)\]$/m.exec(stdout.toString())?.[1];
}

function ourNested(argv: readonly string[], before: string | undefined): string | undefined {
  const request = readModprobeArguments([...argv, 'nosuch'], { MODPROBE_OPTIONS: before });
  return request.kind === 'run' ? request.arguments.environment['MODPROBE_OPTIONS'] : request.kind;
}

test('the options -C, -s, -q and -v are handed to nested calls', (t) => {
  const file = `${root.path}/nested.conf`;
  writeFileSync(file, 'install nosuch echo "MO=[$MODPROBE_OPTIONS]"\n');
  const lines = [
    ['-C', file, '-v'],
    ['-vqC', file, '--verbose', '-d', '/', '-b'],
    [`--config=${file}`, '--quiet'],
  ];
  for (const argv of lines)
    for (const before of [undefined, '--use-blacklist', ''])
      t.is(ourNested(argv, before), kmodNested(argv, before), `${argv.join(' ')} after ${before}`);
});

test('options of MODPROBE_OPTIONS itself are not handed down twice, unless as kmod', (t) => {
  const file = `${root.path}/nested.conf`;
  writeFileSync(file, 'install nosuch echo "MO=[$MODPROBE_OPTIONS]"\n');
  const before = `-v -C ${file}`;
  t.is(ourNested(['-v'], before), `${before} -v`);
  t.is(ourNested([], before), undefined);
  t.is(ourNested(['-v', '--compat=kmod'], before), kmodNested(['-v'], before));
  // The value of an option may come from the command line.
  t.is(ourNested([file], '-v -C'), `-v -C -C ${file}`);
});

test('a folder with blanks reaches the nested call whole', (t) => {
  for (const word of ['a b', '', 'a"b', "a'b", 'plain', 'tab\there'])
    t.deepEqual(splitWords(quoteWord(word)), [word]);
  t.is(ourNested(['-C', '/etc/my modules'], undefined), '-C "/etc/my modules"');
});
