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
}

/** Raw answer of query_module(2): `ret` is written by the kernel only in part of the cases. */
export interface QueryModuleAnswer {
  readonly result: number;
  readonly ret: number;
}
