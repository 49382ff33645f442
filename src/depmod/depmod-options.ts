import type { DepmodReport } from './depmod-notice.ts';
import type { IndexOutput } from './index-output.ts';
import type { DirectoryOptions } from './module-directories.ts';

/** A module that needs another one. */
export interface DependencyFound {
  /** Absolute path of the module. */
  readonly path: string;
  /** The first symbol for which it needs the other. */
  readonly symbol: string;
  /** Absolute path of the other. */
  readonly owner: string;
}

/** What depmod is to do. */
export interface DepmodOptions extends DirectoryOptions {
  /** Files and folders of configuration, the strongest first. Default: those of depmod.d(5), whatever `root` is. */
  readonly configPaths?: readonly string[] | undefined;
  /** Folder that relative paths of configuration and symbol files start at. Default: that of the process. */
  readonly workingDirectory?: string | undefined;
  /** Absolute paths of the modules to index, in place of all in the tree. Configuration is not read then. */
  readonly files?: readonly string[] | undefined;
  /** A `Module.symvers` with the kernel's symbols and their CRCs. */
  readonly symvers?: string | undefined;
  /** A `System.map` with the kernel's symbols; not read when there is `symvers`. */
  readonly systemMap?: string | undefined;
  /** Warn of symbols that nobody exports, and with `symvers` of CRCs that differ. Default false. */
  readonly checksSymbols?: boolean | undefined;
  /** One character that symbol names have in front on some machines. Default none. */
  readonly symbolPrefix?: string | undefined;
  /** Warn of an alias that a module has twice. Default false. */
  readonly warnsOfDuplicates?: boolean | undefined;
  /** Write nothing, and make no binary files. Default false. */
  readonly dryRun?: boolean | undefined;
  /**
   * File in which to remember what each module contributes, so that the next run reads changed modules only. It need not
   * exist. Default: none, every module is read.
   */
  readonly cacheFile?: string | undefined;
  /** Threads that read modules, this one included. Default: as many as there are processors, at most 8. */
  readonly jobs?: number | undefined;
  /** kmod's answer where kmod is wrong. Default false. */
  readonly compat?: boolean | undefined;
  /** Takes notices as they arise. */
  readonly report?: DepmodReport | undefined;
  /** Called now and then with the numbers of modules that have been read and that are to be read. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Takes dependencies as they are found. */
  readonly onEdge?: ((found: DependencyFound) => void) | undefined;
}

/** Indexes and what they were made from. */
export interface IndexesMade {
  readonly release: string;
  /** Folder of the modules. */
  readonly directory: string;
  /** Folder of the indexes. */
  readonly outputDirectory: string;
  readonly moduleCount: number;
  /** How many module files were read; what the others contribute was remembered. */
  readonly readCount: number;
  /** The files in kmod's order. */
  readonly outputs: readonly IndexOutput[];
}

/** What depmod did. */
export interface DepmodResult extends IndexesMade {
  /** Whether the files were written. */
  readonly isPublished: boolean;
  /** Milliseconds. */
  readonly durationMs: number;
}
