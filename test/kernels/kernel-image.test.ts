import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { catalogueEntry, readCatalogue } from '../../vm/kernels/catalogue.ts';
import { findKernelPayload, imageRelease } from '../../vm/kernels/kernel-image.ts';
import { resolveLocalKernel } from '../../vm/kernels/local-kernel.ts';
import { resolveKernel } from '../../vm/kernels/resolve-kernel.ts';
import { buildTestModules } from '../../vm/kernels/test-modules.ts';
import { extractVmlinux } from '../../vm/kernels/vmlinux.ts';

const directory = mkdtempSync(join(tmpdir(), 'kmodctl-image-test-'));
process.env['KMODCTL_CACHE'] = join(directory, 'cache');
test.after.always(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** What stands for a kernel: an ELF file's first bytes and 20,000 more that hardly compress. */
const noise = Array.from({ length: 625 }, (_, index) => createHash('sha256').update(`${index}`).digest());
const elf = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), ...noise]);

function sizeField(): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(elf.length);
  return size;
}

function packed(compression: 'gzip' | 'xz' | 'zstd'): Buffer {
  if (compression === 'gzip') return gzipSync(elf);
  const parameters = compression === 'xz' ? ['-c', '--check=crc32'] : ['-cq'];
  return Buffer.concat([execFileSync(compression, parameters, { input: elf }), sizeField()]);
}

interface Layout {
  readonly setupSectors?: number;
  readonly protocol?: number;
  readonly release?: string;
  readonly payloadOffset?: number;
}

/** A bzImage: boot sector, setup code with its header, then the protected-mode part with the payload in it. */
function bzImage(payload: Buffer, layout: Layout = {}): Buffer {
  const { setupSectors = 7, protocol = 0x20f, release = '6.1.0-test', payloadOffset = 700 } = layout;
  const setup = Buffer.alloc(((setupSectors || 4) + 1) * 512);
  setup.writeUInt8(setupSectors, 0x1f1);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(protocol, 0x206);
  setup.writeUInt16LE(0x400, 0x20e);
  setup.write(`${release} (builder@host) #1 SMP\0`, 0x600, 'latin1');
  setup.writeUInt32LE(payloadOffset, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, Buffer.alloc(payloadOffset, 0x90), payload, Buffer.alloc(300, 0x90)]);
}

function file(name: string, content: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

for (const compression of ['gzip', 'xz', 'zstd'] as const)
  test(`vmlinux from a bzImage with ${compression}`, async (t) => {
    const target = join(directory, `vmlinux-${compression}`);
    await extractVmlinux(file(`vmlinuz-${compression}`, bzImage(packed(compression))), target);
    t.deepEqual(readFileSync(target), elf);
  });

test('vmlinux from a kernel that is compressed as a whole, is none, or is an EFI image', async (t) => {
  const zboot = Buffer.alloc(128);
  zboot.write('MZ\0\0zimg', 0, 'latin1');
  zboot.writeUInt32LE(zboot.length, 8);
  const payload = packed('zstd');
  zboot.writeUInt32LE(payload.length, 12);
  const images = { whole: gzipSync(elf), plain: elf, efi: Buffer.concat([zboot, payload, Buffer.alloc(64)]) };
  for (const [name, image] of Object.entries(images)) {
    const target = join(directory, `vmlinux-${name}`);
    await extractVmlinux(file(name, image), target);
    t.deepEqual(readFileSync(target), elf, name);
  }
  const arm = Buffer.alloc(200);
  arm.write('ARM\x64', 56, 'latin1');
  t.deepEqual(findKernelPayload(arm, 'x'), { offset: 0, length: 200, compression: 'none' });
});

test('the payload is where the header says, with 0 setup sectors meaning 4', (t) => {
  const payload = packed('xz');
  for (const layout of [{}, { setupSectors: 0 }, { setupSectors: 31, payloadOffset: 0 }]) {
    const image = bzImage(payload, layout);
    const found = findKernelPayload(image, 'x');
    t.is(found.compression, 'xz');
    t.deepEqual(image.subarray(found.offset, found.offset + found.length), payload);
  }
});

test('images that are cut off or none: refused at every length, with the reason', (t) => {
  const payload = packed('xz');
  const image = bzImage(payload);
  const end = image.length - 300;
  for (let length = 0; length < end; length += length < 1024 ? 1 : 97)
    t.throws(() => findKernelPayload(image.subarray(0, length), '/boot/x'), {
      code: 'ERR_KMOD_VM_KERNEL',
      message: /^\/boot\/x cannot be used as a kernel: it (?:is|ends)/,
    });
  t.notThrows(() => findKernelPayload(image.subarray(0, end), 'x'));
  t.throws(() => findKernelPayload(bzImage(payload, { protocol: 0x207 }), 'x'), {
    message: /boot protocol 207/,
  });
  const lzo = Buffer.concat([Buffer.from('894c5a4f', 'hex'), Buffer.alloc(100)]);
  t.throws(() => findKernelPayload(bzImage(lzo), 'x'), { message: /magic 894c5a4f/ });
  t.throws(() => findKernelPayload(Buffer.from('#!/bin/sh\n'), 'x'), { message: /neither a bzImage nor/ });
});

for (const compression of ['gzip', 'xz', 'zstd'] as const)
  test(`a damaged ${compression} payload leaves no file behind`, async (t) => {
    const payload = packed(compression);
    payload.fill(0, 40, payload.length - 4);
    const target = join(directory, `damaged-${compression}`);
    await t.throwsAsync(extractVmlinux(file(`d-${compression}`, bzImage(payload)), target), {
      code: 'ERR_KMOD_VM_KERNEL',
      message: new RegExp(`d-${compression} cannot be used as a kernel: ${compression} says: `),
    });
    t.throws(() => statSync(target), { code: 'ENOENT' });
  });

test('a payload that is no kernel, or of another size than it says, is refused', async (t) => {
  const text = Buffer.concat([
    execFileSync('xz', ['-c'], { input: Buffer.alloc(5000) }),
    Buffer.from([0x88, 0x13, 0, 0]),
  ]);
  const target = join(directory, 'no-kernel');
  await t.throwsAsync(extractVmlinux(file('t', bzImage(text)), target), {
    message: /what it holds is no kernel/,
  });
  text.writeUInt32LE(4999, text.length - 4);
  await t.throwsAsync(extractVmlinux(file('t', bzImage(text)), target), {
    message: /unpacks to 5000 bytes instead of 4999/,
  });
  await t.throwsAsync(extractVmlinux('/no/such/vmlinuz', target), {
    code: 'ERR_KMOD_VM_KERNEL',
    message: /ENOENT/,
  });
});

test('the release stands in the header', (t) => {
  t.is(imageRelease(bzImage(packed('gzip'), { release: '6.12.117+deb13-amd64' })), '6.12.117+deb13-amd64');
  t.is(imageRelease(elf), undefined);
  t.is(imageRelease(Buffer.alloc(0x206)), undefined);
});

function moduleTree(name: string, release: string): string {
  const tree = join(directory, name, release);
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'modules.dep'), '');
  return tree;
}

test('a local kernel: image and module folder, or the folder above; its id follows the files', async (t) => {
  const image = file('vmlinuz-local', bzImage(packed('xz')));
  const tree = moduleTree('lib', '6.1.0-test');
  const kernel = await resolveKernel(`${image}:${tree}`);
  t.like(kernel, {
    name: '6.1.0-test',
    release: '6.1.0-test',
    origin: 'local',
    vmlinuz: image,
    moduleDirectory: tree,
  });
  t.deepEqual(readFileSync(kernel.vmlinux), elf);
  t.deepEqual(await resolveLocalKernel(`${image}:${join(directory, 'lib')}`, {}), kernel);
  process.env['KMODCTL_VM_KERNEL'] = `${image}:${tree}`;
  t.deepEqual(await resolveKernel(), kernel);
  delete process.env['KMODCTL_VM_KERNEL'];
  writeFileSync(image, bzImage(packed('zstd')));
  t.not((await resolveKernel(`${image}:${tree}`)).id, kernel.id);
  await t.throwsAsync(buildTestModules(kernel, 'test/modules'), {
    code: 'ERR_KMOD_VM_BUILD',
    message: /local kernel 6\.1\.0-test/,
  });
});

test('a local kernel that cannot be: every cause is told apart', async (t) => {
  const image = file('vmlinuz-wrong', bzImage(packed('xz')));
  const other = moduleTree('lib-other', '5.0.0');
  const empty = join(directory, 'lib-empty/6.1.0-test');
  mkdirSync(empty, { recursive: true });
  const cases: readonly (readonly [string, RegExp])[] = [
    [`${image}:`, /given as vmlinuz:modules-dir/],
    ['/boot/vmlinuz', /given as vmlinuz:modules-dir/],
    [`/no/image:${other}`, /\/no\/image cannot be used as a kernel: ENOENT/],
    [`${image}:/no/modules`, /module folder cannot be read: ENOENT/],
    [`${image}:${other}`, /is kernel 6\.1\.0-test, but .* holds the modules of 5\.0\.0/],
    [`${image}:${empty}`, /has no modules\.dep, nor has 6\.1\.0-test in it: index it by depmod/],
  ];
  for (const [spec, message] of cases)
    await t.throwsAsync(resolveKernel(spec), { code: 'ERR_KMOD_VM_KERNEL', message }, spec);
});

test('the catalogue: an unknown name lists the known ones; every entry is complete', async (t) => {
  await t.throwsAsync(resolveKernel('4.19'), {
    code: 'ERR_KMOD_VM_KERNEL',
    message: /"4\.19": known are .*6\.1, 6\.12/,
  });
  await t.throwsAsync(resolveKernel('6.1', { updat: true } as object), {
    instanceOf: TypeError,
    message: /"update"/,
  });
  const { kernels, default: byDefault } = readCatalogue();
  t.is(catalogueEntry(byDefault).name, byDefault);
  for (const entry of kernels) {
    t.true(entry.suites.length > 0 && entry.metaPackage.startsWith('linux-image-'), entry.name);
    t.notThrows(() => new RegExp(entry.packages));
    t.true(entry.image.includes('{release}') && entry.headersPackage.includes('{release}'), entry.name);
  }
});

test('test modules: a folder without sources, or none at all', async (t) => {
  const image = file('vmlinuz-build', bzImage(packed('xz')));
  const kernel = await resolveKernel(`${image}:${moduleTree('lib-build', '6.1.0-test')}`);
  await t.throwsAsync(buildTestModules(kernel, join(directory, 'lib-build')), {
    message: /holds no module sources/,
  });
  await t.throwsAsync(buildTestModules(kernel, '/no/sources'), {
    code: 'ERR_KMOD_VM_BUILD',
    message: /ENOENT/,
  });
});
