/** `kmodctl/syscalls`: the module system calls themselves, without policy. */
export { errorCodes, type KmodErrorCode } from './errors/error-codes.ts';
export { errnoEntries, errnoEntry, errnoNumber, type ErrnoEntry } from './errors/errno.ts';
export { KmodError, type KmodErrorDetails } from './errors/kmod-error.ts';
export { ModuleSystemError, type SystemErrorFacts } from './errors/system-error.ts';
export { MAX_PARAMETERS_LENGTH } from './native/call-arguments.ts';
export {
  type CallSubject,
  deleteModule,
  deleteModuleSync,
  finitModule,
  finitModuleSync,
  initModule,
  initModuleSync,
  type ModuleCalls,
  moduleCalls,
} from './native/module-calls.ts';
export * from './native/module-flags.ts';
export {
  createModule,
  getKernelSyms,
  QM_DEPS,
  QM_EXISTS,
  QM_INFO,
  QM_MODULES,
  QM_REFS,
  QM_SYMBOLS,
  queryModule,
  type QueryModuleResult,
} from './native/obsolete-calls.ts';
