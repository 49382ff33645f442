/** One change to a stock module for each cause, and the cause that has to be found. */
import type { CauseCode } from '../../src/explain/cause.ts';
import { ChangedModule } from '../fixtures/changed-module.ts';

/** A file, and what is wrong with it. */
export interface ChangedFile {
  readonly title: string;
  /** The stock module that is changed. */
  readonly stock: string;
  /** The cause that a diagnosis has to name first; null when nothing has to speak against it. */
  readonly cause: CauseCode | null;
  /** A finding that there has to be though the load goes on. */
  readonly note?: CauseCode;
  readonly change: (path: string) => Buffer;
  readonly parameters?: string;
}

const unsigned = (path: string): ChangedModule => new ChangedModule(path);
const signed = (path: string): ChangedModule => new ChangedModule(path, true);

/** The changes that every kernel with versions and signatures knows. */
export const changedFiles: readonly ChangedFile[] = [
  { title: 'not changed', stock: 'dummy', cause: null, change: (path) => signed(path).bytes },
  { title: 'without its signature', stock: 'dummy', cause: null, change: (path) => unsigned(path).bytes },
  {
    title: 'another magic number',
    stock: 'dummy',
    cause: 'not-elf',
    change: (path) => unsigned(path).flip(0).bytes,
  },
  {
    title: 'of the type of programs',
    stock: 'dummy',
    cause: 'not-relocatable',
    change: (path) => unsigned(path).poke(16, 2).bytes,
  },
  {
    title: 'for arm64',
    stock: 'dummy',
    cause: 'wrong-machine',
    change: (path) => unsigned(path).poke(18, 183).bytes,
  },
  {
    title: 'cut in half',
    stock: 'dummy',
    cause: 'file-truncated',
    change: (path) => unsigned(path).cut(unsigned(path).bytes.length >> 1),
  },
  {
    title: 'cut after 40 bytes',
    stock: 'dummy',
    cause: 'file-truncated',
    change: (path) => unsigned(path).cut(40),
  },
  {
    title: 'a table of section names that is no section',
    stock: 'dummy',
    cause: 'elf-damaged',
    change: (path) => unsigned(path).poke(62, 0xfe).bytes,
  },
  { title: 'empty', stock: 'dummy', cause: 'file-empty', change: () => Buffer.alloc(0) },
  {
    title: 'without symbols',
    stock: 'dummy',
    cause: 'stripped',
    // Type 3 in place of SYMTAB, and another name: what `strip -s` leaves is a file without the section.
    change: (path) => {
      const module = unsigned(path);
      return module.poke(module.headerOf('.symtab') + 4, 1).replace('.symtab\0', '.zymtab\0', '.shstrtab')
        .bytes;
    },
  },
  {
    title: 'an object file',
    stock: 'dummy',
    cause: 'no-module-structure',
    change: (path) =>
      unsigned(path).replace('.gnu.linkonce.this_module\0', '.gnu.linkonce.that_module\0', '.shstrtab').bytes,
  },
  {
    title: 'another size of struct module',
    stock: 'dummy',
    cause: 'module-structure-size',
    change: (path) => {
      const module = unsigned(path);
      const at = module.headerOf('.gnu.linkonce.this_module') + 32;
      module.bytes.writeUInt32LE(module.bytes.readUInt32LE(at) - 64, at);
      return module.bytes;
    },
  },
  {
    title: 'a writable section of code',
    stock: 'dummy',
    cause: 'section-flags',
    change: (path) => {
      const module = unsigned(path);
      return module.poke(module.headerOf('.init.text') + 8, 7).bytes;
    },
  },
  {
    title: 'a relocation of an unknown type',
    stock: 'dummy',
    cause: 'relocation',
    change: (path) => {
      const module = unsigned(path);
      return module.poke(module.section('.rela.text').offset + 8, 77).bytes;
    },
  },
  {
    title: 'a word of the version magic changed',
    stock: 'dummy',
    cause: 'vermagic',
    change: (path) => unsigned(path).replace(' mod_unload ', ' Mod_unload ', '.modinfo').bytes,
  },
  {
    title: 'another release, the same versions',
    stock: 'dummy',
    cause: null,
    change: (path) => unsigned(path).replace('vermagic=6', 'vermagic=9', '.modinfo').bytes,
  },
  {
    title: 'no version magic',
    stock: 'dummy',
    cause: null,
    note: 'vermagic',
    change: (path) => unsigned(path).replace('vermagic=', 'vermagiC=', '.modinfo').bytes,
  },
  {
    title: 'another CRC of module_layout',
    stock: 'dummy',
    cause: 'other-kernel-build',
    change: (path) => {
      const module = unsigned(path);
      return module.flip(module.versionOf('module_layout')).bytes;
    },
  },
  {
    title: 'another CRC of one symbol',
    stock: 'dummy',
    cause: 'symbol-version',
    change: (path) => {
      const module = unsigned(path);
      return module.flip(module.versionOf('register_netdevice')).bytes;
    },
  },
  {
    title: 'no version of one symbol',
    stock: 'dummy',
    cause: 'symbol-version-missing',
    change: (path) =>
      unsigned(path).replace('register_netdevice\0', 'zegister_netdevice\0', '__versions').bytes,
  },
  {
    title: 'no versions at all',
    stock: 'dummy',
    cause: null,
    note: 'versions-missing',
    change: (path) => unsigned(path).replace('__versions\0', '__Versions\0', '.shstrtab').bytes,
  },
  {
    title: 'a symbol that nothing exports',
    stock: 'dummy',
    cause: 'unknown-symbol',
    change: (path) =>
      unsigned(path).replace('\0register_netdevice\0', '\0zegister_netdevice\0', '.strtab').bytes,
  },
  {
    title: 'a namespace not imported',
    stock: 'xts',
    cause: 'symbol-namespace',
    change: (path) => unsigned(path).replace('import_ns=CRYPTO', 'import_ns=XXXPTO', '.modinfo').bytes,
  },
  {
    title: 'another licence',
    stock: 'dummy',
    cause: 'gpl-only-symbol',
    change: (path) => unsigned(path).replace('license=GPL\0', 'license=XXX\0', '.modinfo').bytes,
  },
  {
    title: 'the name of a part of the kernel',
    stock: 'dummy',
    cause: 'built-in-name',
    // The kernel has the name twice: in .modinfo, and in what becomes struct module.
    change: (path) =>
      unsigned(path)
        .replace('\0name=dummy\0', '\0name=i8042\0', '.modinfo')
        .replace('dummy\0', 'i8042\0', '.gnu.linkonce.this_module').bytes,
  },
  {
    title: 'a byte of the signed content changed',
    stock: 'dummy',
    cause: 'signature-mismatch',
    change: (path) => signed(path).replace('vermagic=6', 'vermagic=9', '.modinfo').bytes,
  },
  {
    title: 'the signature said to be longer than the file',
    stock: 'dummy',
    cause: 'signature-malformed',
    change: (path) => {
      const module = signed(path);
      return module.poke(module.bytes.length - 28 - 4, 0x40).bytes;
    },
  },
  {
    title: 'a field of the signature set that has to be 0',
    stock: 'dummy',
    cause: 'signature-malformed',
    change: (path) => {
      const module = signed(path);
      return module.poke(module.bytes.length - 28 - 11, 1).bytes;
    },
  },
  {
    title: 'a signature of another form',
    stock: 'dummy',
    cause: null,
    change: (path) => {
      const module = signed(path);
      return module.poke(module.bytes.length - 28 - 10, 1).bytes;
    },
  },
  {
    title: 'the last byte missing, and with it the signature',
    stock: 'dummy',
    cause: null,
    change: (path) => signed(path).cut(signed(path).bytes.length - 1),
  },
  {
    title: 'text as a number',
    stock: 'dummy',
    cause: 'parameter-value',
    parameters: 'numdummies=x',
    change: (path) => signed(path).bytes,
  },
  {
    title: 'a number that is too large',
    stock: 'dummy',
    cause: 'parameter-range',
    parameters: 'numdummies=99999999999',
    change: (path) => signed(path).bytes,
  },
  {
    title: 'a parameter that does not exist',
    stock: 'dummy',
    cause: null,
    note: 'parameter-unknown',
    parameters: 'numdumies=1',
    change: (path) => signed(path).bytes,
  },
  {
    title: 'a module that needs others, alone',
    stock: 'vxlan',
    cause: 'symbol-provider-not-loaded',
    change: (path) => signed(path).bytes,
  },
];
