import test from 'ava';

import { startVm } from '../../../vm/index.ts';
import { kernels, MODULES, testModuleFiles } from '../in-guest.ts';
import { FORMS, ROOT, stepTree } from './step-tree.ts';

const TIMEOUT_MS = 900_000;

for (const kernel of kernels)
  test(`${kernel}: compressed files, force flags, owners, replaced files and races`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const { files } = await stepTree(kernel);
    await using vm = await startVm({
      kernel,
      files: { ...files, ...(await testModuleFiles(kernel, ['kmodctl_slow'])) },
      timeouts: { boot: 400_000, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
    });
    const unpacked = kernel === '6.1';
    t.deepEqual(await vm.evaluate(loadForms, FORMS), {
      'plain.ko': 'finit',
      'crc32.ko.xz': unpacked ? 'finit-unpacked' : 'finit-compressed',
      'crc64.ko.xz': 'finit-unpacked',
      'delta.ko.xz': 'finit-unpacked',
      'gzip.ko.gz': 'finit-unpacked',
      'zstd.ko.zst': 'finit-unpacked',
      'other.ko': 'ENOEXEC, forced finit, F',
      'other-crc32.ko.xz': `ENOEXEC, forced ${unpacked ? 'finit-unpacked' : 'finit-compressed'}, F`,
      'other-crc64.ko.xz': 'ENOEXEC, forced finit-unpacked, F',
      'other.ko.gz': 'ENOEXEC, forced finit-unpacked, F',
      // As where finit_module is missing.
      'other.ko by init_module': 'ENOEXEC, forced init, F',
      'other.ko.gz by init_module': 'ENOEXEC, forced init, F',
    });
    const damaged = await vm.evaluate(loadDamaged, `${FORMS}/cut.ko.xz`);
    t.regex(damaged, unpacked ? /^ERR_KMOD_COMPRESSED_DATA .*ends early/ : /^EINVAL .*ends early/);
    t.deepEqual(await vm.evaluate(checkOwners, FORMS), [
      'loaded, 0 findings',
      'loaded, 1 findings',
      'ERR_KMOD_OWNER, not loaded',
      'loaded, 0 findings',
    ]);
    t.is(await vm.evaluate(replaceFile, FORMS), 'value 5, of the file that was opened');
    t.deepEqual(await vm.evaluate(raceFor, `${MODULES}/kmodctl_slow.ko`, ROOT), [
      'loaded, already-loaded',
      'ERR_KMOD_LOAD_FAILED EEXIST',
      'loaded after the unload',
    ]);
  });

/** Runs in the guest. */
async function loadForms(folder: string): Promise<Readonly<Record<string, string>>> {
  const { insmodSync, rmmodSync } = await import('kmodctl');
  const { moduleCalls, ModuleSystemError } = await import('kmodctl/syscalls');
  const { copyFileSync, mkdirSync, readFileSync } = await import('node:fs');
  mkdirSync('/forms', { recursive: true });
  const withoutFinit = {
    ...moduleCalls,
    finitModuleSync: () => {
      throw new ModuleSystemError({ syscall: 'finit_module', result: -38 });
    },
  };
  const load = (name: string, force: boolean, syscalls = moduleCalls): string => {
    // By its name the kernel's name of the module is known.
    const path = '/forms/kmodctl_step_e.ko';
    copyFileSync(`${folder}/${name}`, path);
    try {
      const { steps } = insmodSync(path, '', { forceVermagic: force, syscalls });
      const taint = readFileSync('/sys/module/kmodctl_step_e/taint', 'utf8').trim();
      rmmodSync('kmodctl_step_e');
      return `${steps[0]?.call}${force ? `, ${taint.replaceAll(/[^F]/g, '')}` : ''}`;
    } catch (error) {
      return (error as { cause?: { code?: string } }).cause?.code ?? String(error);
    }
  };
  const results: Record<string, string> = {};
  for (const name of ['plain.ko', 'crc32.ko.xz', 'crc64.ko.xz', 'delta.ko.xz', 'gzip.ko.gz', 'zstd.ko.zst'])
    results[name] = load(name, false);
  for (const name of ['other.ko', 'other-crc32.ko.xz', 'other-crc64.ko.xz', 'other.ko.gz'])
    results[name] = `${load(name, false)}, forced ${load(name, true)}`;
  for (const name of ['other.ko', 'other.ko.gz'])
    results[`${name} by init_module`] =
      `${load(name, false, withoutFinit)}, forced ${load(name, true, withoutFinit)}`;
  return results;
}

/** Runs in the guest. */
async function loadDamaged(path: string): Promise<string> {
  const { insmod } = await import('kmodctl');
  try {
    await insmod(path);
    return 'loaded';
  } catch (error) {
    const { cause } = error as { cause?: { code?: string; message?: string } };
    return `${cause?.code} ${cause?.message}`;
  }
}

/** Runs in the guest. */
async function checkOwners(folder: string): Promise<readonly string[]> {
  const { insmod, lsmod, rmmodSync } = await import('kmodctl');
  const { chownSync, copyFileSync } = await import('node:fs');
  const path = '/forms/kmodctl_step_e.ko';
  copyFileSync(`${folder}/plain.ko`, path);
  const load = async (checkOwner?: 'off' | 'refuse'): Promise<string> => {
    try {
      const { ownerFindings } = await insmod(path, '', checkOwner === undefined ? {} : { checkOwner });
      rmmodSync('kmodctl_step_e');
      return `loaded, ${ownerFindings.length} findings`;
    } catch (error) {
      const isThere = lsmod().some(({ name }) => name === 'kmodctl_step_e');
      const { cause } = error as { cause?: { code?: string } };
      return `${cause?.code}, ${isThere ? 'loaded' : 'not loaded'}`;
    }
  };
  const results = [await load()];
  chownSync(path, 1000, 1000);
  results.push(await load(), await load('refuse'), await load('off'));
  return results;
}

/** Runs in the guest: the file is replaced by one that cannot be loaded, when it has been looked at. */
async function replaceFile(folder: string): Promise<string> {
  const { insmodSync, rmmodSync } = await import('kmodctl');
  const { moduleCalls } = await import('kmodctl/syscalls');
  const { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } = await import('node:fs');
  const path = '/forms/kmodctl_step_e.ko';
  rmSync(path, { force: true });
  copyFileSync(`${folder}/plain.ko`, path);
  const syscalls: typeof moduleCalls = {
    ...moduleCalls,
    finitModuleSync: (...call) => {
      writeFileSync('/forms/other', 'no module at all');
      renameSync('/forms/other', path);
      moduleCalls.finitModuleSync(...call);
    },
  };
  insmodSync(path, 'value=5', { checkOwner: 'refuse', syscalls });
  const value = readFileSync('/sys/module/kmodctl_step_e/parameters/value', 'utf8').trim();
  rmmodSync('kmodctl_step_e');
  return `value ${value}, of the file that was opened`;
}

/** Runs in the guest. */
async function raceFor(path: string, folder: string): Promise<readonly string[]> {
  const { insmod, modprobe, rmmod, rmmodSync } = await import('kmodctl');
  const { copyFileSync, existsSync } = await import('node:fs');
  const coming = async (): Promise<void> => {
    while (!existsSync('/sys/module/kmodctl_slow/initstate'))
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  // Another file, so that no kernel joins the two calls.
  const copy = `${folder}/kmodctl_slow.ko`;
  copyFileSync(path, copy);
  const options = { busyTimeoutMs: 60_000 };
  const parameters = { init_ms: 1500 };
  const outcomes: string[] = [];
  let first = modprobe(path, { ...options, parameters });
  await coming();
  const second = await modprobe(copy, { ...options, parameters });
  outcomes.push(`${(await first).steps[0]?.outcome}, ${second.steps[0]?.outcome}`);
  rmmodSync('kmodctl_slow');
  first = insmod(path, parameters, options);
  await coming();
  outcomes.push(
    await insmod(copy, parameters, options).then(
      () => 'loaded',
      (error: unknown) => {
        const { code, cause } = error as { code?: string; cause?: { code?: string } };
        return `${code} ${cause?.code}`;
      },
    ),
  );
  await first;
  rmmodSync('kmodctl_slow');
  await modprobe(path, { ...options, parameters: { init_ms: 0, exit_ms: 1500 } });
  const leaving = rmmod('kmodctl_slow');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const again = await modprobe(copy, { ...options, parameters: { init_ms: 0 } });
  await leaving;
  outcomes.push(`${again.steps[0]?.outcome} after the unload`);
  rmmodSync('kmodctl_slow');
  return outcomes;
}
