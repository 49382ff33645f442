import test from 'ava';

import type { CauseCode } from '../../src/explain/cause.ts';
import { readLogLines } from '../../src/explain/log-lines.ts';
import type { KernelLogRecord } from '../../src/kernel/kernel-log.ts';

function record(message: string): KernelLogRecord {
  return { level: 4, facility: 0, sequence: 1, timestampUs: 1, message, properties: {} };
}

/** Lines as the kernels 6.1 to 6.18 write them, the errno of the call, and what they tell. */
const lines: readonly (readonly [line: string, errno: string, cause: CauseCode])[] = [
  ['Invalid ELF header magic: != \\x7fELF', 'ENOEXEC', 'not-elf'],
  ['Invalid ELF header type: 2 != 1', 'ENOEXEC', 'not-relocatable'],
  ['Invalid architecture in ELF header: 183', 'ENOEXEC', 'wrong-machine'],
  ['Invalid ELF section header overflow', 'ENOEXEC', 'file-truncated'],
  ['Invalid ELF header len 40', 'ENOEXEC', 'file-truncated'],
  ['Invalid ELF section in module (section 3 type 1)', 'ENOEXEC', 'elf-damaged'],
  ['m: module has no symbols (stripped?)', 'ENOEXEC', 'stripped'],
  ['m: No module found in object', 'ENOEXEC', 'no-module-structure'],
  ['module m: Only one .gnu.linkonce.this_module section must exist.', 'ENOEXEC', 'no-module-structure'],
  ['module m: Exactly one .gnu.linkonce.this_module section must exist.', 'ENOEXEC', 'no-module-structure'],
  [
    "module m: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time",
    'ENOEXEC',
    'module-structure-size',
  ],
  ['Module m is blacklisted', 'EPERM', 'kernel-blacklist'],
  ['m: disagrees about version of symbol module_layout', 'ENOEXEC', 'other-kernel-build'],
  ['m: disagrees about version of symbol printk', 'EINVAL', 'symbol-version'],
  ['m: no symbol version for printk', 'EINVAL', 'symbol-version-missing'],
  ['m: no symbol version for module_layout', 'ENOEXEC', 'symbol-version-missing'],
  ["m: version magic '6.1 SMP ' should be '6.2 SMP '", 'ENOEXEC', 'vermagic'],
  ['m: Unknown symbol foo (err -2)', 'ENOENT', 'unknown-symbol'],
  ['m: gave up waiting for init of module n.', 'EBUSY', 'provider-initialising'],
  ['m: module uses symbol (f) from namespace N, but does not import it.', 'EINVAL', 'symbol-namespace'],
  ['m: section .init.text (index 4) has invalid WRITE|EXEC flags', 'ENOEXEC', 'section-flags'],
  ['m: exports duplicate symbol f (owned by kernel)', 'ENOEXEC', 'duplicate-export'],
  ['m: module is already loaded', 'EINVAL', 'built-in-name'],
  [
    'm: module is marked as livepatch module, but livepatch support is disabled',
    'ENOEXEC',
    'livepatch-unsupported',
  ],
  ["m: `x' invalid for parameter `n'", 'EINVAL', 'parameter-value'],
  ["m: `99999999999' invalid for parameter `n'", 'ERANGE', 'parameter-range'],
  ["m: `0x378' invalid for parameter `io'", 'EPERM', 'parameter-locked'],
  ["m: `xx' too large for parameter `n'", 'ENOSPC', 'parameter-too-long'],
  ["m: unknown parameter 'x' ignored", 'EINVAL', 'parameter-unknown'],
  ['module: m: Unknown rela relocation: 77', 'ENOEXEC', 'relocation'],
  ['module m: unsupported RELA relocation: 77', 'ENOEXEC', 'relocation'],
  ['Loading of unsigned module is rejected', 'EKEYREJECTED', 'signature-required'],
  ['Loading of module with unsupported crypto is rejected', 'EKEYREJECTED', 'signature-unsupported'],
  ['Loading of module with unavailable key is rejected', 'EKEYREJECTED', 'signature-unknown-key'],
  ['Module hash 00ff is blacklisted', 'EKEYREJECTED', 'signature-revoked'],
  ['module: PKCS#7 signature info has unexpected non-zero params', 'EBADMSG', 'signature-malformed'],
  [
    'Lockdown: node: unsigned module loading is restricted; see man kernel_lockdown.7',
    'EPERM',
    'lockdown-unsigned',
  ],
  [
    'Lockdown: node: unsafe module parameters is restricted; see man kernel_lockdown.7',
    'EPERM',
    'parameter-locked',
  ],
  ['not an xz compressed module', 'EINVAL', 'compressed-data'],
  ['decompression failed with status 6', 'EINVAL', 'compression-check'],
  ['decompression failed with status 7', 'EINVAL', 'compressed-data'],
  ['insmod: vmalloc error: size 2147483647, exceeds total pages', 'ENOMEM', 'no-memory'],
  ['initcall m_init blacklisted', 'EPERM', 'initcall-blacklist'],
  ['m: Could not allocate 64 bytes percpu data', 'ENOMEM', 'no-memory'],
  ['execmem: unable to allocate memory', 'ENOMEM', 'no-memory'],
  [
    'audit: type=1800 audit(1.2:4): pid=6 uid=0 auid=1 ses=1 subj=unconfined op=appraise_data cause=IMA-signature-required comm="insmod" name="/m.ko" dev="sda1" ino=1131 res=0 errno=0',
    'EACCES',
    'security-module',
  ],
  [
    'audit: type=1400 audit(1.2:5): avc:  denied  { module_load } for  pid=7 comm="insmod" path="/m.ko" dev="sda1" ino=5 scontext=a tcontext=b tclass=system permissive=0',
    'EACCES',
    'security-module',
  ],
  [
    'audit: type=1400 audit(1.2:6): apparmor="DENIED" operation="capable" class="cap" profile="docker-default" pid=8 comm="insmod" capability=16  capname="sys_module"',
    'EPERM',
    'security-module',
  ],
  ['LoadPin: kernel-module denied obj="/m.ko" pid=1 cmdline="insmod"', 'EPERM', 'security-module'],
];

for (const [line, errno, cause] of lines)
  test(`${line}: ${cause}`, (t) => {
    const [finding, ...others] = readLogLines([record(line)], ['m'], errno);
    t.is(finding?.cause, cause);
    t.is(finding?.refused, cause !== 'parameter-unknown');
    t.deepEqual(
      finding?.evidence.map(({ text }) => text),
      [line],
    );
    t.deepEqual(others, []);
  });

test('lines about other modules, of other programs, and without meaning tell nothing', (t) => {
  const records = [
    record('n: Unknown symbol foo (err -2)'),
    record('m2: module has no symbols (stripped?)'),
    record('Module n is blacklisted'),
    record('usb 1-1: new device'),
    record('m: loading out-of-tree module taints kernel.'),
    { ...record('m: Unknown symbol foo (err -2)'), facility: 3 },
  ];
  t.deepEqual(readLogLines(records, ['m'], 'ENOENT'), []);
});
