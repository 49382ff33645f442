import { inspect } from 'node:util';

import test from 'ava';

import {
  deleteModule,
  deleteModuleSync,
  finitModule,
  finitModuleSync,
  initModule,
  initModuleSync,
  MAX_PARAMETERS_LENGTH,
  obsoleteCalls,
} from '../../src/syscalls.ts';

const image = new Uint8Array(100);
const tooLong = 'x'.repeat(MAX_PARAMETERS_LENGTH + 1);

/** Calls with arguments that TypeScript would refuse. */
type Loose = (...values: unknown[]) => unknown;

interface Row {
  readonly calls: readonly (readonly [name: string, call: unknown])[];
  readonly values: readonly unknown[];
  readonly error: { readonly name: string; readonly code: string; readonly message: RegExp };
}

const both = {
  init: [
    ['initModule', initModule],
    ['initModuleSync', initModuleSync],
  ],
  finit: [
    ['finitModule', finitModule],
    ['finitModuleSync', finitModuleSync],
  ],
  delete: [
    ['deleteModule', deleteModule],
    ['deleteModuleSync', deleteModuleSync],
  ],
  create: [['createModule', obsoleteCalls.createModule]],
  query: [['queryModule', obsoleteCalls.queryModule]],
  symbols: [['getKernelSyms', obsoleteCalls.getKernelSyms]],
} as const;

const wrongType = (message: RegExp): Row['error'] => ({
  name: 'TypeError',
  code: 'ERR_INVALID_ARG_TYPE',
  message,
});
const wrongValue = (message: RegExp): Row['error'] => ({
  name: 'TypeError',
  code: 'ERR_INVALID_ARG_VALUE',
  message,
});
const outOfRange = (message: RegExp): Row['error'] => ({
  name: 'RangeError',
  code: 'ERR_OUT_OF_RANGE',
  message,
});
const own = (code: string, message: RegExp): Row['error'] => ({ name: 'KmodError', code, message });

const notAnImage = /^The "image" argument must be a Buffer or Uint8Array/;
const rows: readonly Row[] = [
  ...[
    undefined,
    null,
    'text',
    5,
    {},
    [1],
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
    new Uint16Array(2),
  ].map((value): Row => ({ calls: both.init, values: [value], error: wrongType(notAnImage) })),
  {
    calls: both.init,
    values: [new Uint8Array(new SharedArrayBuffer(8))],
    error: wrongType(/over an ArrayBuffer of its own. Received an instance of SharedArrayBuffer$/),
  },
  {
    calls: both.init,
    values: [detached()],
    error: own('ERR_KMOD_IMAGE', /^The "image" argument .* detached/),
  },
  {
    calls: both.init,
    values: [resizable()],
    error: own('ERR_KMOD_IMAGE', /^The "image" argument .* resizable/),
  },

  ...[undefined, null, '3', {}, 3n].map((value): Row => ({
    calls: both.finit,
    values: [value],
    error: wrongType(/^The "fd" argument must be a file/),
  })),
  ...[-1, 1.5, Number.NaN, Infinity, 2 ** 31, 2 ** 32].map((value): Row => ({
    calls: both.finit,
    values: [value],
    error: outOfRange(/^The "fd" argument must be a file/),
  })),

  ...[null, 5, {}, ['a=1'], Buffer.from('a=1')].flatMap((value): Row[] => [
    {
      calls: both.init,
      values: [image, value],
      error: wrongType(/^The "parameters" argument must be of type string/),
    },
    {
      calls: both.finit,
      values: [0, value],
      error: wrongType(/^The "parameters" argument must be of type string/),
    },
  ]),
  { calls: both.init, values: [image, 'a=1\0b=2'], error: wrongValue(/^The "parameters" .* NUL .* index 3/) },
  { calls: both.finit, values: [0, '\0'], error: wrongValue(/^The "parameters" .* NUL .* index 0/) },
  {
    calls: both.init,
    values: [image, tooLong],
    error: own('ERR_KMOD_PARAMETERS', /"parameters" .* 4096 bytes/),
  },
  {
    calls: both.finit,
    values: [0, tooLong],
    error: own('ERR_KMOD_PARAMETERS', /"parameters" .* 4096 bytes/),
  },
  {
    calls: both.finit,
    values: [0, 'é'.repeat(2048)],
    error: own('ERR_KMOD_PARAMETERS', /"parameters" .* 4096 bytes/),
  },

  ...[null, '1', {}, 1n].flatMap((value): Row[] => [
    {
      calls: both.finit,
      values: [0, '', value],
      error: wrongType(/^The "flags" argument must be of type number/),
    },
    {
      calls: both.delete,
      values: ['a', value],
      error: wrongType(/^The "flags" argument must be of type number/),
    },
  ]),
  ...[-1, 0.5, Number.NaN, 2 ** 31].flatMap((value): Row[] => [
    {
      calls: both.finit,
      values: [0, '', value],
      error: outOfRange(/^The "flags" argument must be an integer/),
    },
    {
      calls: both.delete,
      values: ['a', value],
      error: outOfRange(/^The "flags" argument must be an integer/),
    },
  ]),

  ...['x.ko', null, 5].flatMap((value): Row[] => [
    {
      calls: both.init,
      values: [image, '', value],
      error: wrongType(/^The "subject" argument must be an object/),
    },
    {
      calls: both.finit,
      values: [0, '', 0, value],
      error: wrongType(/^The "subject" argument must be an object/),
    },
  ]),
  {
    calls: both.init,
    values: [image, '', { module: 5 }],
    error: wrongType(/^The "subject.module" argument/),
  },
  {
    calls: both.finit,
    values: [0, '', 0, { pth: 'a' }],
    error: wrongValue(/^Unknown option "pth" in "subject": did you mean "path"\?/),
  },

  ...[undefined, null, 5, {}, ['a']].flatMap((value): Row[] => [
    { calls: both.delete, values: [value], error: wrongType(/^The "name" argument must be of type string/) },
    {
      calls: both.create,
      values: [value, 1],
      error: wrongType(/^The "name" argument must be of type string/),
    },
  ]),
  { calls: both.delete, values: ['a\0'], error: wrongValue(/^The "name" .* NUL .* index 1/) },
  {
    calls: both.delete,
    values: ['x'.repeat(60)],
    error: outOfRange(/^The "name" argument must be at most 5\d bytes/),
  },
  {
    calls: both.delete,
    values: ['é'.repeat(30)],
    error: outOfRange(/^The "name" argument must be at most 5\d bytes/),
  },

  { calls: both.create, values: ['a\0', 1], error: wrongValue(/^The "name" .* NUL/) },
  { calls: both.create, values: ['a', '1'], error: wrongType(/^The "size" argument must be of type number/) },
  { calls: both.create, values: ['a', -1], error: outOfRange(/^The "size" argument must be an integer/) },
  {
    calls: both.query,
    values: [5, 0],
    error: wrongType(/^The "name" argument must be of type string or null/),
  },
  { calls: both.query, values: ['a\0', 0], error: wrongValue(/^The "name" .* NUL/) },
  {
    calls: both.query,
    values: [null, '0'],
    error: wrongType(/^The "which" argument must be of type number/),
  },
  { calls: both.query, values: [null, -1], error: outOfRange(/^The "which" argument must be an integer/) },
  { calls: both.query, values: [null, 0, 'x'], error: wrongType(/^The "buffer" argument must be a Buffer/) },
  {
    calls: both.query,
    values: [null, 0, detached()],
    error: own('ERR_KMOD_IMAGE', /^The "buffer" argument/),
  },
  { calls: both.symbols, values: ['x'], error: wrongType(/^The "table" argument must be a Buffer/) },
];

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function resizable(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer;
  return new Uint8Array(new Resizable(8, { maxByteLength: 16 }));
}

for (const { calls, values, error } of rows)
  for (const [name, call] of calls)
    test(`${name} refuses ${shown(values)}: ${error.message.source}`, async (t) => {
      const { code, message } = error;
      const thrown = await t.throwsAsync(async () => (call as Loose)(...values), {
        any: true,
        code,
        message,
      });
      t.is(thrown instanceof Error ? thrown.name : undefined, error.name);
    });

function shown(values: readonly unknown[]): string {
  const text = inspect(values, { depth: 1, maxArrayLength: 4, maxStringLength: 12, breakLength: Infinity });
  return text.replace(/^\[ (.*) \]$/, '($1)');
}

test('promise forms reject, they never throw', async (t) => {
  for (const call of [initModule, finitModule, deleteModule]) {
    let answer: unknown;
    t.notThrows(() => {
      answer = (call as Loose)(undefined);
    });
    await t.throwsAsync(answer as Promise<void>, { instanceOf: TypeError });
  }
});

test('the longest parameters and the largest flags get as far as the kernel', async (t) => {
  const name = 'x'.repeat(55);
  for (const call of [
    async () => finitModule(0, tooLong.slice(1), 0x7fff_ffff),
    async () => finitModuleSync(0, tooLong.slice(1), 0x7fff_ffff),
    async () => initModule(image, tooLong.slice(1)),
    async () => initModuleSync(image, tooLong.slice(1)),
    async () => deleteModule(name, 0x7fff_ffff),
    async () => deleteModuleSync(name, 0x7fff_ffff),
  ]) {
    const thrown = await t.throwsAsync(call, { any: true });
    t.is(typeof (thrown as NodeJS.ErrnoException | undefined)?.errno, 'number');
  }
});
