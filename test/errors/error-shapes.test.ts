import test from 'ava';

import { nearestName, requireInteger, requireOptions, requireString } from '../../src/errors/argument.ts';
import { errorCodes } from '../../src/errors/error-codes.ts';
import { KmodError } from '../../src/errors/kmod-error.ts';
import { ModuleSystemError, resultText } from '../../src/errors/system-error.ts';

const system = test.macro((t, result: number, code: string, message: string) => {
  const error = new ModuleSystemError({ result, syscall: 'finit_module', path: '/a.ko' });
  t.is(error.code, code);
  t.is(error.errno, result);
  t.is(error.message, message);
});

test('EEXIST', system, -17, 'EEXIST', "EEXIST: File exists, finit_module '/a.ko'");
test('ENOKEY', system, -126, 'ENOKEY', "ENOKEY: Required key not available, finit_module '/a.ko'");
test(
  'EPROBE_DEFER from an init',
  system,
  -517,
  'EPROBE_DEFER',
  "EPROBE_DEFER: Kernel-internal: driver requests probe retry, finit_module '/a.ko'",
);
test('a number without a name', system, -520, 'UNKNOWN', "UNKNOWN: Unknown error 520, finit_module '/a.ko'");
test(
  'below every errno',
  system,
  -5000,
  'UNKNOWN',
  "UNKNOWN: the call returned -5000, below every errno (the module's init returned it), finit_module '/a.ko'",
);
test(
  'a positive number is not the errno of that number',
  system,
  5,
  'UNKNOWN',
  "UNKNOWN: the call returned 5, which is neither success nor an errno, finit_module '/a.ko'",
);

test('a system error has the shape of one of Node', (t) => {
  const error = new ModuleSystemError({
    result: -16,
    syscall: 'delete_module',
    module: 'btrfs',
    hint: 'it is in use',
  });
  t.true(error instanceof Error);
  t.is(error.name, 'ModuleSystemError');
  t.deepEqual(Object.fromEntries(Object.entries(error)), {
    code: 'EBUSY',
    errno: -16,
    syscall: 'delete_module',
    module: 'btrfs',
  });
  t.is(error.message, "EBUSY: Device or resource busy, delete_module 'btrfs': it is in use");
  t.regex(error.stack ?? '', /^ModuleSystemError: EBUSY: .*\n\s+at /);
});

test('a path comes before a module in the words, and both are facts', (t) => {
  const error = new ModuleSystemError({ result: -2, syscall: 'finit_module', path: '/b.ko', module: 'b' });
  t.is(error.message, "ENOENT: No such file or directory, finit_module '/b.ko'");
  t.deepEqual([error.path, error.module], ['/b.ko', 'b']);
});

test('nothing is said of what is not known', (t) => {
  const error = new ModuleSystemError({ result: -38, syscall: 'query_module', path: undefined });
  t.deepEqual(Object.keys(error), ['code', 'errno', 'syscall']);
  t.is(error.message, 'ENOSYS: Function not implemented, query_module');
});

test('resultText', (t) => {
  t.is(resultText(-1), 'Operation not permitted');
  t.is(resultText(-4095), 'Unknown error 4095');
  t.regex(resultText(-4096), /below every errno/);
});

test('an own error carries its code, its facts and its cause, and no others', (t) => {
  const cause = new Error('below');
  const error = new KmodError('ERR_KMOD_NOT_FOUND', 'no such thing', { module: 'x', cause });
  t.is(error.name, 'KmodError');
  t.is(error.cause, cause);
  t.deepEqual(Object.fromEntries(Object.entries(error)), { code: 'ERR_KMOD_NOT_FOUND', module: 'x' });
  const bare = new KmodError('ERR_KMOD_NOT_FOUND', 'no such thing');
  t.deepEqual(Object.keys(bare), ['code']);
  t.false('cause' in bare);
});

test('each own code has a name of one form and an explanation', (t) => {
  for (const [code, text] of Object.entries(errorCodes)) {
    t.regex(code, /^ERR_KMOD_[A-Z]+(_[A-Z]+)*$/);
    t.regex(text, /^[A-Z/`].+\.$/);
  }
});

const options = (given: unknown): void =>
  requireOptions('options', given, { force: 'boolean', root: ['string', 'object'] });

test('options: known names with values of their type pass, undefined counts as not given', (t) => {
  for (const given of [
    undefined,
    {},
    { force: true },
    { root: 'x' },
    { root: new URL('file:///') },
    { force: undefined },
  ])
    t.notThrows(() => options(given));
});

test('options: an unknown name is answered with the nearest', (t) => {
  t.throws(() => options({ forec: true }), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
    message: 'Unknown option "forec" in "options": did you mean "force"?',
  });
  t.throws(() => options({ colour: true }), {
    message: 'Unknown option "colour" in "options": known are force, root',
  });
  t.throws(() => options({ constructor: true }), { message: /^Unknown option "constructor"/ });
  t.throws(() => options(JSON.parse('{"__proto__": 1}')), { message: /^Unknown option "__proto__"/ });
});

test('options: a wrong type is named', (t) => {
  t.throws(() => options({ force: 'yes' }), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'The "options.force" argument must be of type boolean. Received type string ("yes")',
  });
  t.throws(() => options({ root: ['a'] }), {
    message: 'The "options.root" argument must be of type string or object. Received an instance of Array',
  });
  t.throws(() => options({ root: null }), { instanceOf: TypeError });
  for (const given of [null, 5, 'x', []])
    t.throws(() => options(given), {
      instanceOf: TypeError,
      message: /^The "options" argument must be an object/,
    });
});

const received: readonly (readonly [value: unknown, words: string])[] = [
  [null, 'null'],
  [undefined, 'undefined'],
  [Number.NaN, 'type number (NaN)'],
  [3n, 'type bigint (3)'],
  [Symbol('x'), 'type symbol'],
  [Object.create(null), 'an instance of Object'],
  [new Map(), 'an instance of Map'],
  [function named() {}, 'function named'],
];

test('what was received is described, whatever it is', (t) => {
  for (const [value, words] of received)
    t.throws(() => requireString('name', value), {
      message: `The "name" argument must be of type string. Received ${words}`,
    });
});

test('integers: type, range and fraction', (t) => {
  t.is(requireInteger('n', 3, 0, 3), 3);
  t.throws(() => requireInteger('n', '3', 0, 3), { instanceOf: TypeError });
  for (const value of [-1, 4, 0.5, Number.NaN, Infinity])
    t.throws(() => requireInteger('n', value, 0, 3), {
      instanceOf: RangeError,
      message: `The "n" argument must be an integer from 0 to 3. Received type number (${value})`,
    });
});

test('the nearest name: small slips only, letter case does not count', (t) => {
  const known = ['moduleDirectory', 'release', 'root', 'signal'];
  t.is(nearestName('realease', known), 'release');
  t.is(nearestName('ROOT', known), 'root');
  t.is(nearestName('moduleDir', known), undefined);
  t.is(nearestName('modulDirectroy', known), 'moduleDirectory');
  t.is(nearestName('xyzzy', known), undefined);
  t.is(nearestName('a', []), undefined);
});
