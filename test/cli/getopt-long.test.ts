import test from 'ava';

import { type OptionName, parseArguments } from '../../src/cli/getopt-long.ts';

type Id = 'all' | 'config' | 'force' | 'vermagic' | 'ignore' | 'quiet';

const names: readonly OptionName<Id>[] = [
  { long: 'all', short: 'a', id: 'all' },
  { long: 'config', short: 'C', id: 'config', takesValue: true },
  { long: 'force', short: 'f', id: 'force' },
  { long: 'force-vermagic', id: 'vermagic' },
  { long: 'ignore-install', short: 'i', id: 'ignore' },
  { long: 'ignore-remove', id: 'ignore' },
  { long: 'quiet', short: 'q', id: 'quiet' },
];

const parse = (...argv: readonly string[]): string => {
  const { options, operands, mistake } = parseArguments(argv, names);
  const given = options.map(({ id, value }) => (value === '' ? id : `${id}=${value}`)).join(' ');
  return [given, operands.join(' '), ...(mistake === undefined ? [] : [mistake])].join(' | ');
};

test('options and operands in any order', (t) => {
  t.is(parse('x', '-a', 'y', '--quiet', 'z'), 'all quiet | x y z');
  t.is(parse('-aq'), 'all quiet | ');
  t.is(parse('-a', '--', '-q', '--', 'x'), 'all | -q -- x');
  t.is(parse('-', 'x'), ' | - x');
  t.is(parse(), ' | ');
});

test('values: joined, apart, with an equals sign', (t) => {
  t.is(
    parse('-Cdir', '-C', 'dir', '-aCdir', '--config=dir', '--config', 'dir', '--conf=a=b'),
    'config=dir config=dir all config=dir config=dir config=dir config=a=b | ',
  );
  t.is(parse('-C', '-a'), 'config=-a | ');
  t.is(parse('--config', '--', 'x'), 'config=-- | x');
});

test('long names may be shortened while they are unique', (t) => {
  t.is(parse('--al', '--force', '--force-v', '--q'), 'all force vermagic quiet | ');
  t.is(parse('--ignore'), 'ignore | ');
  t.is(parse('--fo'), " |  | option '--fo' is ambiguous; possibilities: '--force' '--force-vermagic'");
});

test('mistakes end the reading, in the words of the C library', (t) => {
  t.is(parse('-a', '--bogus=1', '-q'), "all |  | unrecognized option '--bogus=1'");
  t.is(parse('-axq'), "all |  | invalid option -- 'x'");
  t.is(parse('-aC'), "all |  | option requires an argument -- 'C'");
  t.is(parse('--config'), " |  | option '--config' requires an argument");
  t.is(parse('--all=1'), " |  | option '--all' doesn't allow an argument");
});
