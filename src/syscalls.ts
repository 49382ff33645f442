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
} from './native/module-calls.ts';
export { moduleCalls } from './native/real-calls.ts';
export * from './native/module-flags.ts';
export {
  obsoleteCalls,
  type ObsoleteCalls,
  QM_DEPS,
  QM_EXISTS,
  QM_INFO,
  QM_MODULES,
  QM_REFS,
  QM_SYMBOLS,
  type QueryModuleResult,
} from './native/obsolete-calls.ts';
export { createModule, type CreatedModule } from './api/create-module.ts';
export { getKernelSyms, type KernelSymbolOptions, type KernelSymbolTable } from './api/kernel-symbols.ts';
export type { AnswerSource } from './api/old-call.ts';
export {
  type QueryAnswer,
  queryModule,
  type QueryModuleOptions,
  QuerySpaceError,
} from './api/query-module.ts';
export type { KernelLocation } from './kernel/kernel-file.ts';
export type { ModuleState } from './kernel/loaded-module.ts';
export {
  decodeKernelSymbols,
  encodeKernelSymbols,
  type KernelSymbol,
  kernelSymbolSize,
} from './kernel/old-calls/kernel-symbol.ts';
export * from './kernel/old-calls/module-constants.ts';
export {
  decodeModRoutines,
  decodeModuleRecord1995,
  decodeModuleRecord24,
  encodeModRoutines,
  encodeModuleRecord1995,
  encodeModuleRecord24,
  type ModRoutines,
  type ModuleRecord1995,
  type ModuleRecord24,
} from './kernel/old-calls/module-record.ts';
export {
  decodeModuleInfo,
  decodeModuleNames,
  decodeModuleSymbols,
  encodeModuleInfo,
  encodeModuleNames,
  encodeModuleSymbols,
  type QueriedInfo,
} from './kernel/old-calls/query-answer.ts';
export type { StructureLayout } from './kernel/old-calls/structure.ts';
export {
  decodeSymbolTable,
  encodeSymbolTable,
  type SymbolTableContent,
} from './kernel/old-calls/symbol-table.ts';
