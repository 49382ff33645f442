/**
 * `npm test`: format, lint, the host's tests, the guests' tests. The last line is the sum over all of them.
 * Arguments choose parts: `format`, `lint`, `unused`, `host`, `guest`; default all of these. `matrix` (`npm run test:matrix`)
 * compares with kmod over the trees of all kernels and runs only when it is named.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const bin = (name: string): string => `node_modules/.bin/${name}`;

async function check(title: string, program: string, args: readonly string[]): Promise<Counts> {
  const lines: string[] = [];
  const status = await run(program, args, (line) => lines.push(line));
  process.stdout.write(`${status === 0 ? 'ok' : 'not ok'}  ${title}\n`);
  if (status !== 0) process.stdout.write(`${lines.join('\n')}\n`);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

async function run(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<number> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: testEnvironment() });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

// Extra certificates cost 40 ms at each start of Node 20, and no test uses TLS by itself.
function testEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _dropped, ...environment } = process.env;
  return environment;
}

/** AVA's TAP, counted; failures are shown whole, the rest as a line each. */
async function ava(title: string, args: readonly string[]): Promise<Counts> {
  const started = performance.now();
  let [passed, failed, skipped] = [0, 0, 0];
  let showing = true;
  const status = await run(bin('ava'), ['--tap', ...args], (line) => {
    const result = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO).*)?$/.exec(line);
    if (!result) {
      if (showing && !/^(?:TAP version|1\.\.\d+|# )/.test(line) && line !== '')
        process.stdout.write(`${line}\n`);
      return;
    }
    const [, not, name = '', directive] = result;
    showing = not !== undefined;
    if (directive !== undefined) skipped++;
    else if (not === undefined) passed++;
    else failed++;
    process.stdout.write(`${not === undefined ? (directive ?? 'ok') : 'not ok'}  ${title}: ${name}\n`);
  });
  if (status !== 0 && failed === 0) failed++;
  const file = args.at(-1) ?? '';
  const subject = args.filter((argument) => argument.endsWith('.test.ts')).length === 1 ? file : title;
  if (passed + failed + skipped === 0) failed++;
  process.stdout.write(
    `    ${subject}: ${passed} passed in ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
  );
  return { passed, failed, skipped };
}

const otherSuites: readonly string[] = ['vm/', 'history/', 'matrix/'];

/** Tests of one folder; of all folders that are no suite of their own when none is named. */
async function testFiles(folder?: string): Promise<string[]> {
  const all = await readdir('test', { recursive: true });
  return all
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) =>
      folder === undefined ? !otherSuites.some((other) => file.startsWith(other)) : file.startsWith(folder),
    )
    .map((file) => `test/${file}`)
    .sort();
}

const parts: Readonly<Record<string, () => Promise<Counts>>> = {
  format: async () => await check('format (prettier)', bin('prettier'), ['--check', '.']),
  lint: async () =>
    await check('lint (oxlint, with types)', bin('oxlint'), ['--type-aware', '--deny-warnings']),
  unused: async () => await check('nothing unused (knip)', bin('knip'), ['--no-config-hints']),
  host: async () => await hostTests(),
  guest: async () => {
    const queue = await guestQueue();
    return await together([queue, queue]);
  },
};

/** The host's tests, all at once or, beside something else, file by file. */
async function hostTests(...options: readonly string[]): Promise<Counts> {
  return await ava('host', [...options, ...(await testFiles())]);
}

/** Guest tests that take minutes, the longest first: none of them may be what is left over at the end. */
const longGuestTests: readonly string[] = [
  'test/vm/versus/kernel-6.12.test.ts',
  'test/history/book.test.ts',
  'test/vm/harness.test.ts',
  'test/vm/versus/kernel-6.1.test.ts',
  'test/history/modules-conf.test.ts',
  'test/vm/doctor.test.ts',
  'test/vm/documentation.test.ts',
  'test/vm/removal.test.ts',
  'test/vm/watch.test.ts',
  'test/vm/why.test.ts',
  'test/history/old-calls.test.ts',
  'test/history/demand-loading.test.ts',
  'test/vm/transactions/rollback.test.ts',
  'test/vm/modprobe.test.ts',
];

/**
 * Takes file after file, until there is none left: each a run of AVA, and one test of it at a time. (A serial run of AVA takes
 * its files one after the other, whatever its concurrency.) Calls share the files.
 */
async function guestQueue(): Promise<() => Promise<Counts>> {
  const found = [...(await testFiles('vm/')), ...(await testFiles('history/'))];
  const files = [
    ...longGuestTests.filter((file) => found.includes(file)),
    ...found.filter((file) => !longGuestTests.includes(file)),
  ];
  return async () => {
    let total = none;
    for (let file = files.shift(); file !== undefined; file = files.shift())
      total = sum(total, await ava('guest', ['--serial', '--timeout', '10m', file]));
    return total;
  };
}

/**
 * All parts. Two things at a time, one for each processor: first the three checks; then guests in one place, and in the other
 * the host's tests, which often wait for downloads or for one long file, and further guests when they are done.
 */
async function allParts(): Promise<Counts> {
  const checks = await together(
    ['format', 'lint', 'unused'].map((part) => parts[part] ?? (async () => none)),
  );
  const queue = await guestQueue();
  const hostThenGuests = async (): Promise<Counts> =>
    sum(await hostTests('--concurrency', '1', '--timeout', '5m'), await queue());
  return sum(checks, await together([hostThenGuests, queue]));
}

async function together(works: readonly (() => Promise<Counts>)[]): Promise<Counts> {
  const all = await Promise.all(works.map(async (work) => await work()));
  return all.reduce(sum, none);
}

const none: Counts = { passed: 0, failed: 0, skipped: 0 };

function sum(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/** Tests over the trees of those kernels that a variable names. */
const treeTests: readonly string[] = [
  'test/cli/modinfo-whole-trees.test.ts',
  'test/depmod/whole-trees.test.ts',
  'test/index-files/alias-lookup.test.ts',
];

/** Run when they are named only. */
const furtherParts: typeof parts = {
  matrix: async () => {
    process.env['KMODCTL_TEST_KERNELS'] = '5.10,6.1,6.1-arm64,6.12,7.x';
    const files = [...treeTests, ...(await testFiles('matrix/'))];
    return await ava('matrix', ['--serial', '--timeout', '20m', ...files]);
  },
};

const chosen = process.argv.slice(2);
const known = { ...parts, ...furtherParts };
const unknown = chosen.find((part) => !Object.hasOwn(known, part));
if (unknown !== undefined || !existsSync('package.json')) {
  process.stderr.write(`npm test [${Object.keys(known).join('|')}]...: "${unknown ?? ''}" is none of them\n`);
  process.exit(2);
}

let total = chosen.length === 0 ? await allParts() : none;
for (const part of chosen) total = sum(total, (await known[part]?.()) ?? none);
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
// A guest suite that did not run is no success where nobody looks.
process.exitCode = total.failed > 0 || (process.env['CI'] !== undefined && total.skipped > 0) ? 1 : 0;
