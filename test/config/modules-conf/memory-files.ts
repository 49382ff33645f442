import type { FileAccess } from '../../../src/config/modules-conf/file-access.ts';

/** Files of a made-up machine. */
export function memoryFiles(contents: Readonly<Record<string, string>>): FileAccess {
  const files = new Map(Object.entries(contents));
  const directories = new Set([...files.keys()].flatMap(parents));
  return {
    read: (path) => {
      const content = files.get(path);
      if (content === undefined)
        throw Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 });
      return Buffer.from(content);
    },
    isReadable: (path) => files.has(path),
    exists: (path) => files.has(path) || directories.has(path.replace(/\/\.?$/, '')),
    names: (path) => {
      const prefix = path === '.' ? '' : path.endsWith('/') ? path : `${path}/`;
      const below = [...files.keys(), ...directories].filter((name) => name.startsWith(prefix));
      return [...new Set(below.map((name) => name.slice(prefix.length).split('/')[0] ?? ''))].filter(Boolean);
    },
    identity: (path) => (files.has(path) ? path : undefined),
  };
}

function parents(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
