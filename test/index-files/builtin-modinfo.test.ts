import test from 'ava';

import { BuiltinModinfo } from '../../src/index-files/builtin-modinfo.ts';

function entriesOf(content: string, name: string): readonly string[] {
  const file = new BuiltinModinfo(Buffer.from(content, 'latin1'), '/b/modules.builtin.modinfo');
  return file.entriesOf(name).map(({ key, value }) => `${key}|${value}`);
}

test('the entries of a module, by the first block of its name', (t) => {
  const content = '8250.license=GPL\0vt.a=b\x00k=x.y\x008250.x=late\x008250.y=late\0vt.c=d';
  t.deepEqual(entriesOf(content, '8250'), ['license|GPL']);
  t.deepEqual(entriesOf(content, 'vt'), ['a|b']);
  t.deepEqual(entriesOf(content, 'k=x'), ['y|']);
  t.deepEqual(entriesOf(content, 'none'), []);
  t.deepEqual(entriesOf('a.b=1\0a.b=2\0a.c\0a.=v\0a..d=e', 'a'), ['b|1', 'b|2', 'c|', '|v', '.d|e']);
  t.deepEqual(entriesOf('a.n=\xff', 'a'), ['n|\xff']);
  t.deepEqual(entriesOf('constructor.a=b\0', 'toString'), []);
});

test('a text without a name stops the reading, unless the block has ended before', (t) => {
  const damaged = { code: 'ERR_KMOD_INDEX_CORRUPT', message: /modinfo is damaged at byte \d+:/ };
  t.throws(() => entriesOf('a.b=c\0nodot\0', 'a'), damaged);
  t.throws(() => entriesOf('a.b=c\0\0', 'a'), damaged);
  t.throws(() => entriesOf('\0a.b=c\0', 'a'), damaged);
  t.throws(() => entriesOf('a.b=c\0nodot\0', 'none'), damaged);
  t.throws(() => entriesOf('nodot\0a.b=c\0', 'a'), { ...damaged, message: /at byte 0:/ });
  t.deepEqual(entriesOf('a.b=c\0v.w=x\0nodot\0', 'a'), ['b|c']);
  t.throws(() => entriesOf('a.b=c\0v.w=x\0nodot\0', 'v'), damaged);
});

test('large files are read in one pass', (t) => {
  const content = Array.from({ length: 100_000 }, (_, index) => `m${index >> 1}.k=v\0`).join('');
  const file = new BuiltinModinfo(Buffer.from(content), '/b');
  for (let index = 0; index < 50_000; index += 100) t.is(file.entriesOf(`m${index}`).length, 2);
  t.throws(() => entriesOf('x'.repeat(1_000_000), 'x'));
});
