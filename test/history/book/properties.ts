/** What the book's scenes need in a guest: modules, broken ones among them, and the kernel's own files beside its modules. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { prepareBuildRoot } from '../../../vm/kernels/build-root.ts';
import { resolveKernel } from '../../../vm/index.ts';
import { patched, renamedModule } from '../../vm/versus/module-variants.ts';
import { BOOK, moduleFiles } from '../scene.ts';

const FURTHER = ['kmodctl_slow', 'kmodctl_noexit', 'kmodctl_fail', 'kmodctl_params'];
/** Files of the headers package that scenes look into, below `common` or beside it. */
const HEADERS = ['common/include/linux/kmod.h', 'common/include/linux/module.h', 'Module.symvers'];

/** All files, by their path in the guest. */
export async function bookProperties(kernel: string): Promise<Readonly<Record<string, Uint8Array>>> {
  const book = await moduleFiles(kernel, 'test/book-modules');
  return {
    ...book,
    ...(await moduleFiles(kernel, 'test/modules', FURTHER)),
    ...brokenModules(book),
    ...(await kernelFiles(kernel)),
  };
}

/** The export and import modules with one thing wrong each. */
function brokenModules(book: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  const [exporter, importer] = ['export', 'import'].map((name) =>
    Buffer.from(book[`${BOOK}/${name}.ko`] ?? []),
  );
  if (exporter === undefined || importer === undefined) throw new Error('no modules');
  return {
    // Another module that exports what export does.
    [`${BOOK}/expert.ko`]: renamedModule(exporter, 'export\0', 'expert\0'),
    [`${BOOK}/import-wrong-crc.ko`]: withWrongChecksum(importer),
    [`${BOOK}/import-no-crc.ko`]: patched(importer, '__versions\0', '__xersions\0'),
    [`${BOOK}/import-no-smp.ko`]: patched(importer, ' SMP ', ' UMP '),
  };
}

/** One bit of export_function's checksum is another one. */
function withWrongChecksum(bytes: Buffer): Buffer {
  const record = Buffer.alloc(64);
  record.writeUInt32LE(0x888cb211, 0);
  record.write('export_function', 8);
  const place = bytes.indexOf(record);
  if (place === -1) throw new Error('no record of export_function in __versions');
  const result = Buffer.from(bytes);
  result.writeUInt32LE(0x888cb210, place);
  return result;
}

async function kernelFiles(name: string): Promise<Record<string, Uint8Array>> {
  const kernel = await resolveKernel(name);
  const { release } = kernel;
  const files: Record<string, Uint8Array> = {
    [`/boot/config-${release}`]: await readFile(join(dirname(kernel.vmlinuz), `config-${release}`)),
  };
  const root = await prepareBuildRoot(kernel, {});
  const common = `linux-headers-${release.replace(/-[^-]*$/, '')}-common`;
  for (const header of HEADERS) {
    const path = header.startsWith('common/')
      ? header.replace('common', `/usr/src/${common}`)
      : `/usr/src/linux-headers-${release}/${header}`;
    files[path] = await readFile(join(root, path));
  }
  files[`${BOOK}/headers-package`] = Buffer.from(await headersList(join(root, 'usr')));
  return files;
}

/** Paths of all files that a module is built with, a line for each. */
async function headersList(folder: string): Promise<string> {
  const paths = await readdir(folder, { recursive: true });
  const wanted = paths.filter((path) => /linux-(?:headers|kbuild)/.test(path));
  return `${wanted.sort().join('\n')}\n`;
}
