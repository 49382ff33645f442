/**
 * The compiled addon's whole surface. Nothing else in the package imports the .node file.
 *
 * Every function answers 0 for success and otherwise the call's raw result: `-errno`, or whatever a module's init
 * returned. None throws for a refusal by the kernel; a TypeError from here is a mistake in this package.
 *
 * The `...Async` functions answer a number instead of a promise, `-errno`, where the call could not be started: EMFILE
 * for the duplicate of a descriptor, ENOMEM for the copy of an image, anything else from pthread_create(3).
 */
export interface NativeBinding {
  /** init_module(2). `parameters` must not contain a NUL. */
  initModule(image: Uint8Array, parameters: string): number;
  /** init_module(2) on a thread of its own, from a copy of `image`. */
  initModuleAsync(image: Uint8Array, parameters: string): Promise<number> | number;
  /** finit_module(2). */
  finitModule(fd: number, parameters: string, flags: number): number;
  /** finit_module(2) on a thread of its own, through a duplicate of `fd`. */
  finitModuleAsync(fd: number, parameters: string, flags: number): Promise<number> | number;
  /** delete_module(2). */
  deleteModule(name: string, flags: number): number;
  /** delete_module(2) on a thread of its own. */
  deleteModuleAsync(name: string, flags: number): Promise<number> | number;
  /** create_module(2) of 1995 to 2.4. Where it succeeded the answer is an address, hence bigint. */
  createModule(name: string, size: number): bigint;
  /** get_kernel_syms(2) of 1995 to 2.4. Null asks for the count. */
  getKernelSyms(table: Uint8Array | null): number;
  /** query_module(2) of 2.2 to 2.4. Null as name asks about the kernel itself. */
  queryModule(name: string | null, which: number, buffer: Uint8Array | null): QueryModuleAnswer;
  /** State of liblzma and libzstd, for calls of `decode` in this thread; null without memory for it. */
  createDecoder(): NativeDecoder | null;
  /**
   * Unpacks `input` into `output` from byte `produced` on; answers the whole output's size. ENOBUFS: `output` is full;
   * call again with format 0 and a larger one that begins with the old one's bytes.
   *
   * @param limit the largest output that would be taken, in bytes; bounds the memory for the window
   */
  decode(
    decoder: NativeDecoder,
    format: LibraryFormat | 0,
    input: Uint8Array,
    output: Uint8Array,
    produced: number,
    limit: number,
  ): number | DecodeRefusal;
  /** Frees the memory that a decoder keeps for the next file. */
  releaseDecoder(decoder: NativeDecoder): void;
  /** Unpacks a copy of `input` on a thread of its own. */
  unpackAsync(
    format: LibraryFormat,
    input: Uint8Array,
    limit: number,
  ): Promise<Buffer | DecodeRefusal> | number;
  /** Null where the library for a format is there, else the loader's words. */
  compressionLibrary(format: LibraryFormat): string | null;
  /**
   * stat(2) of files whose paths each have a NUL behind. Four numbers for each: size, or -1 for a file that cannot be
   * looked at; last change of the content and of the inode, in ns; inode number. Answers how many files that were.
   */
  stampFiles(paths: Uint8Array, stamps: BigInt64Array): number;
  /**
   * The files below a folder whose names are longer than one of `endings` and end with it, in the byte order of the names
   * in each folder; stamps as of `stampFiles`, each path with a NUL behind. Links to files are followed. Null where it is
   * not done here: something is neither file nor folder nor a link to a file, or not ASCII, or cannot be read.
   *
   * @param excluded names of what is passed over
   */
  listModules(folder: string, endings: NativeTexts, excluded: NativeTexts): NativeListing | null;
  /** For each text the number of the first equal one among `others`, or 2 ** 32 - 1. Null without memory. */
  matchTexts(texts: NativeTexts, others: NativeTexts): Uint32Array | null;
  /**
   * Begins to read module files on `helpers` threads. `paths` has a NUL behind each; `order` holds their numbers. Null
   * without memory.
   */
  startScan(paths: Uint8Array, order: Uint32Array, helpers: number, compat: boolean): NativeScan | null;
  /** Reads on the calling thread, too, for about that time. How many files are done; all of them: it has ended. */
  stepScan(scan: NativeScan, milliseconds: number): number;
  /** What was read, when all is done. Null without memory. */
  takeScan(scan: NativeScan): ScanAnswer | null;
  /**
   * The bytes of an index file. Text number n lies between the ends n - 1 and n. Null where it is not done here: without
   * memory, over `limit` bytes, for many values of one key in a wild order.
   */
  encodeIndex(
    keys: Uint8Array,
    keyEnds: Uint32Array,
    values: Uint8Array,
    valueEnds: Uint32Array,
    priorities: Uint32Array,
    limit: number,
  ): Buffer | null;
  /**
   * The files that depmod writes about modules. `names` and `paths` are parallel and in the order of the indexes, which
   * the rows' numbers are places in. Null where it is not done here: modules that need each other in circles, texts that
   * are not ASCII, unmatched brackets, a file over `limit` bytes, columns that do not fit together, no memory.
   *
   * @param parallel whether to use a second thread
   */
  makeIndexes(
    names: NativeTexts,
    paths: NativeTexts,
    parts: readonly Omit<ScanAnswer, 'left'>[],
    limit: number,
    parallel: boolean,
  ): NativeIndexes | null;
  /** flock(2), exclusive and without waiting. */
  tryLock(fd: number): number;
  /** fsync(2) of several files, written out side by side. */
  syncFiles(fds: Int32Array): number;
  /**
   * Renames the folder `staging` to `commit` (null: it was), moves the files of these names out of it into `directory`,
   * removes it. In a process of its own, which outlives this one.
   */
  moveFiles(directory: number, staging: string | null, commit: string, names: readonly string[]): MovesAnswer;
  /** syslog(3), facility "daemon". `ident` and `text` end at a NUL. EINVAL for a priority that is not one of 0 to 7. */
  writeSystemLog(ident: string, priority: number, text: string): number;
  /** kcmp(2) of two descriptors: 0 where they are duplicates, 1 to 3 where they were opened apart, or `-errno`. */
  compareOpenFiles(first: number, second: number): number;
  /** lseek(2) to the end of an open file: 0 or `-errno`. */
  seekToEnd(fd: number): number;
  /** Sends a request to a netlink protocol: the messages of the answer, or `-errno`. Waits two seconds at most. */
  askNetlink(protocol: number, request: Uint8Array): Buffer | number;
  /** getxattr(2), through links: the value, or `-errno`. */
  readAttribute(path: string, name: string): Buffer | number;
  /** ioctl(2) with a structure: the call's result, or `-errno`. */
  controlDevice(fd: number, request: number, structure: Uint8Array): number;
  /** memfd_create(2), closed by exec and not executable: the descriptor or `-errno`. */
  createMemoryFile(name: string): number;
  /** Makes the content of such a file final. */
  sealMemoryFile(fd: number): number;
  /** Gives back (0) or takes a shared (1) or exclusive (2) lock on a byte of an open file; EAGAIN instead of waiting. */
  setByteLock(fd: number, offset: number, lock: 0 | 1 | 2): number;
  /**
   * A socket for the kernel's uevents; `onReadable` is called, without arguments, whenever there is something to receive;
   * what it throws is an uncaught exception. Answers `-errno` where that cannot be.
   *
   * @param bufferBytes of the kernel's buffer, or as many as allowed
   * @param filter an array of `struct sock_filter`, which counts where the kernel takes it
   */
  watchUevents(bufferBytes: number, filter: Uint8Array, onReadable: () => void): NativeWatch | number;
  /**
   * The same for any descriptor that can be waited for, through a duplicate of it.
   *
   * @param isForEnd only errors are told, and that nobody has the other end any more
   */
  watchReadable(fd: number, onReadable: () => void, isForEnd: boolean): NativeWatch | number;
  /** Whether a descriptor takes more at once, or would refuse it at once. */
  hasRoom(fd: number): boolean;
  /**
   * Receives messages, one behind the other, as far as `buffer` reaches (8 KiB must be free for each); answers how many.
   *
   * @param facts element 0: why it ended, 0 or an errno (EAGAIN: none is left; ENOBUFS: some were lost); then for each
   *   message its length, its sender (0 is the kernel), and 1 where it was cut
   */
  receiveUevents(watch: NativeWatch, buffer: Uint8Array, facts: Uint32Array): number;
  /** Whether the watch keeps the event loop going. At first it does. */
  referWatch(watch: NativeWatch, keeps: boolean): void;
  /** Ends it and closes its descriptor. */
  closeWatch(watch: NativeWatch): void;
  /** Number of the user namespace that owns the network namespace; `-errno`, EPERM for an ancestor's. */
  networkOwner(): number;
}

/** Belongs to the environment that made it; opaque. */
export interface NativeWatch {
  readonly nativeWatch: never;
}

/** Belongs to the environment that made it; opaque. */
export interface NativeScan {
  readonly nativeScan: never;
}

/** See `ContributionColumns` of depmod for the columns. */
export interface ScanAnswer {
  readonly columns: {
    readonly rows: Uint32Array;
    readonly exports: Uint32Array;
    readonly exportCrcs: Uint32Array;
    readonly needs: Uint32Array;
    readonly needCrcs: Uint32Array;
    readonly needWeak: Uint8Array;
    readonly texts: readonly Uint8Array[];
  };
  readonly names: NativeTexts;
  /** Numbers of the files that have to be read otherwise, or cannot be read. */
  readonly left: Uint32Array;
}

/** See `PackedTexts` of depmod. */
export interface NativeTexts {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** What `listModules` finds. */
export interface NativeListing {
  readonly paths: Buffer;
  readonly stamps: BigInt64Array;
}

/** What `makeIndexes` makes. */
export interface NativeIndexes {
  readonly dep: Buffer;
  readonly depBin: Buffer;
  readonly alias: Buffer;
  readonly aliasBin: Buffer;
  readonly softdep: Buffer;
  readonly weakdep: Buffer;
  readonly symbols: Buffer;
  readonly symbolsBin: Buffer;
  /** The modules that want device nodes, and all aliases of each, with a NUL behind every one. */
  readonly devices: {
    readonly modules: Uint32Array;
    readonly aliasCounts: Uint32Array;
    readonly aliases: Uint8Array;
  };
}

/** How far `moveFiles` came: 0 or `-errno`, and whether `commit` has been put in place. */
export interface MovesAnswer {
  readonly error: number;
  readonly committed: boolean;
}

/** Compression that a library of the system unpacks: 1 is xz, 2 zstd. */
export type LibraryFormat = 1 | 2;

/** Belongs to the environment that made it; opaque. */
export interface NativeDecoder {
  readonly nativeDecoder: never;
}

/** Why unpacking ended: a negative errno (native/decoder.h says which means what), and how far the input was read. */
export interface DecodeRefusal {
  readonly result: number;
  readonly position: number;
}

/** Raw answer of query_module(2): `ret` is written by the kernel only in part of the cases. */
export interface QueryModuleAnswer {
  readonly result: number;
  readonly ret: number;
}
