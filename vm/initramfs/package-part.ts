import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../packages/package-root.ts';
import { VmError } from '../vm-error.ts';
import { ArchiveTree } from './archive-tree.ts';

const PLACE = '/usr/lib/node_modules/kmodctl';

/** modprobe is missing: the kernel would start it for what its own parts wish for at boot, so init makes that link. */
const commandLinks = ['insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod', 'ksyms'];

/** The part of a guest's root that is this package, and a hash of its contents. */
export interface PackagePart {
  readonly tree: ArchiveTree;
  readonly hash: string;
}

/** Reads this package as it stands: compiled code, addon, command line program, the guest's init. */
export function packagePart(root = packageRoot()): PackagePart {
  if (!existsSync(join(root, 'dist/lib/index.js')))
    throw new VmError(
      'ERR_KMOD_VM_BUILD',
      `The library that guests load is missing: dist/lib does not exist in ${root}; run npm run build:cli.`,
    );
  const tree = new ArchiveTree();
  const hash = createHash('sha256');
  const add = (target: string, source: string, mode = 0o644): void => {
    const data = readFileSync(source);
    tree.data(target, data, mode);
    hash.update(`${target}\0${mode}\0`);
    // Compiled code comes out a little different each time; it is told by the text that it is of.
    if (!target.endsWith('.code')) hash.update(`${data.length}\0`).update(data);
  };
  add(`${PLACE}/package.json`, join(root, 'package.json'));
  for (const folder of ['dist/lib', 'dist/src', 'dist/vm', 'dist/cli'])
    for (const file of codeFiles(join(root, folder)))
      add(`${PLACE}/${folder}/${file}`, join(root, folder, file), folder === 'dist/cli' ? 0o755 : 0o644);
  for (const file of addonFiles(root)) add(`${PLACE}/${file}`, join(root, file));
  const loader = dirname(createRequire(join(root, 'package.json')).resolve('node-gyp-build/package.json'));
  for (const file of ['package.json', ...codeFiles(loader)])
    add(`${PLACE}/node_modules/node-gyp-build/${file}`, join(loader, file));
  add('/init', join(root, 'vm/guest/init'), 0o755);
  for (const name of commandLinks) tree.link(`/usr/sbin/${name}`, `${PLACE}/dist/cli/kmodctl.cjs`);
  tree.link('/usr/bin/kmodctl', `${PLACE}/dist/cli/kmodctl.cjs`);
  return { tree, hash: hash.digest('hex') };
}

/** JavaScript files below a folder and code compiled of them, in order; declarations, maps and the compiler's notes are of no use in a guest. */
function codeFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (file) =>
        /\.(?:(?:c|m)?js|code)$/.test(file) || (file.endsWith('.json') && !file.includes('package.json')),
    )
    .sort();
}

/** The addon as it was built here, else the prebuilt files of the published package. */
function addonFiles(root: string): string[] {
  const own = 'build/Release/kmodctl.node';
  if (existsSync(join(root, own))) return [own];
  const prebuilt = join(root, 'prebuilds');
  if (existsSync(prebuilt))
    return readdirSync(prebuilt, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.node'))
      .map((file) => join('prebuilds', file))
      .sort();
  throw new VmError(
    'ERR_KMOD_VM_BUILD',
    `The addon that guests load is missing: neither ${own} nor prebuilds/ exists in ${root}; run npm run build:native.`,
  );
}
