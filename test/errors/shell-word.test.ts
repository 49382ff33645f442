import { spawnSync } from 'node:child_process';

import test from 'ava';

import { shellWord } from '../../src/errors/shell-word.ts';

test('a word that a shell takes as it is stays so, any other one is quoted', (t) => {
  t.is(shellWord('/lib/modules/6.12.1+deb13-amd64/a_b.ko.xz'), '/lib/modules/6.12.1+deb13-amd64/a_b.ko.xz');
  for (const text of [
    '',
    'a b',
    "a'b",
    '"',
    '$HOME',
    '`id`',
    'a;b',
    '~',
    '*',
    'a\\b',
    'a\nb',
    "''",
    '(',
    'ü',
  ])
    t.is(spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`]).stdout.toString(), text);
});
