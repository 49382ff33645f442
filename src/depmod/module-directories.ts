/** Which folders a run of depmod is about. */
export interface DirectoryOptions {
  /** Kernel release, for example `6.1.0-50-amd64`. */
  readonly release: string;
  /** Absolute path in place of `/`. Default: empty, which is `/`. */
  readonly root?: string | undefined;
  /** Folder of all releases below the root. Default `/lib/modules`. */
  readonly moduleDirectory?: string | undefined;
  /** Absolute path in place of `root` for what is written. Default: `root`. */
  readonly outputRoot?: string | undefined;
  /** Absolute path of the folder to write to, in place of what `outputRoot` leads to. */
  readonly outputDirectory?: string | undefined;
}

/** The folders of one release. */
export interface ModuleDirectories {
  /** Where the modules and the kernel's own lists are. */
  readonly directory: string;
  /** Where the indexes go. */
  readonly outputDirectory: string;
}

/** Names the folders as kmod does, slash for slash, since messages and external paths show them. */
export function moduleDirectories(options: DirectoryOptions): ModuleDirectories {
  const { release, root = '', moduleDirectory = '/lib/modules', outputRoot = root } = options;
  const tail = `/${moduleDirectory.replace(/^\/+/, '')}/${release}`;
  return { directory: root + tail, outputDirectory: options.outputDirectory ?? outputRoot + tail };
}
