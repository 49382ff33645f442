/** Files outside modprobe.d that have modules loaded while a system starts: modules-load.d, initramfs, udev, systemd. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

import type { TextOrigin } from '../index-files/text-origin.ts';
import {
  configurationDirectories,
  configurationRoots,
  findConfigurationFiles,
  readConfigurationFile,
} from './configuration-files.ts';

/** A line that names a module, or an alias. */
export interface StartLine {
  /** As written. */
  readonly name: string;
  readonly origin: TextOrigin;
  /**
   * `modules-load`: modules-load.d. `etc-modules`: /etc/modules where no link of modules-load.d leads to it. `initramfs`: the image
   * that starts the system is told to load it. `udev`: a rule of udev. `unit`: a unit of systemd.
   */
  readonly kind: 'modules-load' | 'etc-modules' | 'initramfs' | 'udev' | 'unit';
}

/** A file of modules-load.d that another one hides. */
export interface HiddenStartFile {
  readonly path: string;
  readonly by: string;
}

/** All that is found. */
export interface StartFiles {
  readonly lines: readonly StartLine[];
  readonly hidden: readonly HiddenStartFile[];
  /** Files and folders that could not be read. */
  readonly unreadable: readonly string[];
}

/**
 * Reads the files. Paths in the result are those in the root, without it.
 *
 * @param root folder in place of `/`; default the real one
 */
export function readStartFiles(root = ''): StartFiles {
  const reader = new StartFileReader(root);
  reader.readModulesLoad();
  reader.readInitramfs();
  reader.readUdev();
  reader.readUnits();
  return { lines: reader.lines, hidden: reader.hidden, unreadable: [...reader.unreadable] };
}

class StartFileReader {
  readonly lines: StartLine[] = [];
  readonly hidden: HiddenStartFile[] = [];
  readonly unreadable = new Set<string>();
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  readModulesLoad(): void {
    const short = (path: string): string => path.slice(this.#root.length);
    const files = findConfigurationFiles(configurationDirectories('modules-load.d', this.#root), {
      kind: 'modules-load.d',
      workingDirectory: '/',
      report: ({ file }) => this.unreadable.add(short(file)),
      onHidden: (file, by) => this.hidden.push({ path: short(file.path), by: short(by.path) }),
    });
    for (const { path } of files) this.#readNames(short(path), 'modules-load');
    const whole = files.map(({ path }) => this.#real(short(path)));
    if (!whole.includes(this.#real('/etc/modules'))) this.#readNames('/etc/modules', 'etc-modules');
  }

  readInitramfs(): void {
    this.#readNames('/etc/initramfs-tools/modules', 'initramfs');
    for (const name of this.#names('/usr/share/initramfs-tools/modules.d'))
      this.#readNames(`/usr/share/initramfs-tools/modules.d/${name}`, 'initramfs');
    const dracut = [
      '/etc/dracut.conf',
      ...this.#files('/etc/dracut.conf.d'),
      ...this.#files('/usr/lib/dracut/dracut.conf.d'),
    ];
    for (const file of dracut) this.#match(file, /^\s*force_drivers\+?=["']?([^"'#]*)/, 'initramfs');
    this.#match('/etc/mkinitcpio.conf', /^\s*MODULES=["'(]?([^"')#]*)/, 'initramfs');
  }

  readUdev(): void {
    for (const file of this.#masked('udev/rules.d'))
      this.#match(
        file,
        /^[^#]*\bRUN(?:\{\w+\})?\+?="(?:kmod load|(?:\/usr)?\/sbin\/modprobe|modprobe)\s+([^"]*)/,
        'udev',
      );
  }

  readUnits(): void {
    for (const file of this.#masked('systemd/system')) {
      this.#match(file, /^\s*(?:Wants|Requires)=.*?\bmodprobe@([\w-]+)\.service/, 'unit');
      this.#match(file, /^\s*Exec\w+=[-+!@:]*(?:\/usr)?(?:\/s?bin\/)?modprobe\s+(.*)/, 'unit');
    }
  }

  /** The files of folders of the same name, of which the first hides later ones; each file of a merged /usr once. */
  #masked(folder: string): readonly string[] {
    const files = new Map<string, string>();
    for (const root of configurationRoots)
      for (const name of this.#names(`${root}/${folder}`))
        if (!files.has(name)) files.set(name, `${root}/${folder}/${name}`);
    return [...files.values()];
  }

  #readNames(file: string, kind: StartLine['kind']): void {
    for (const [index, text] of this.#textLines(file)) {
      // What follows a name are parameters, which programs before systemd took.
      const [name = ''] = text
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/);
      if (name !== '') this.lines.push({ name, origin: { file, line: index }, kind });
    }
  }

  #match(file: string, pattern: RegExp, kind: StartLine['kind']): void {
    for (const [line, text] of this.#textLines(file))
      for (const name of loadedNames(pattern.exec(text)?.[1] ?? ''))
        this.lines.push({ name, origin: { file, line }, kind });
  }

  #textLines(file: string): readonly (readonly [number, string])[] {
    const path = `${this.#root}${file}`;
    try {
      return existsSync(path)
        ? readConfigurationFile({ path, name: basename(file), isNamed: false }, '/')
            .split('\n')
            .map((text, index) => [index + 1, text])
        : [];
    } catch {
      this.unreadable.add(file);
      return [];
    }
  }

  #files(folder: string): readonly string[] {
    return this.#names(folder).map((name) => `${folder}/${name}`);
  }

  #names(folder: string): readonly string[] {
    const path = `${this.#root}${folder}`;
    try {
      return existsSync(path) ? readdirSync(path).sort() : [];
    } catch {
      this.unreadable.add(folder);
      return [];
    }
  }

  #real(file: string): string {
    try {
      return realpathSync(`${this.#root}${file}`);
    } catch {
      return file;
    }
  }
}

/** The names in a list, or behind modprobe; none where that is to unload (`-r`, also among other letters). */
function loadedNames(text: string): readonly string[] {
  const words = text.split(/\s+/);
  if (words.some((word) => /^(?:-[a-zA-Z]*r[a-zA-Z]*|--remove(?:-holders)?)$/.test(word))) return [];
  return words.filter((word) => /^\w[\w:.-]*$/.test(word));
}
