/** `kmodctl`: Linux kernel modules by name, with all that they need. */
export {
  type InsertOptions,
  insmod,
  type InsmodOptions,
  insmodSync,
  type LoadResult,
  modprobe,
  type ModprobeOptions,
  modprobeSync,
  plan,
  type PlanOptions,
} from './api/load.ts';
export { lsmod } from './api/loaded.ts';
export type { PlaceOptions } from './api/place-options.ts';
export type { RunOptions } from './api/run-options.ts';
export {
  planRemoval,
  type PlanRemovalOptions,
  rmmod,
  type RmmodOptions,
  rmmodSync,
  type UnloadResult,
} from './api/unload.ts';
export { errorCodes, type KmodErrorCode } from './errors/error-codes.ts';
export { KmodError, type KmodErrorDetails } from './errors/kmod-error.ts';
export { ModuleSystemError, type SystemErrorFacts } from './errors/system-error.ts';
export { type FailedRollback, PlanFailure, type Progress } from './execute/plan-failure.ts';
export type { StepEvent, StepOutcome, StepResult } from './execute/step-result.ts';
export type { TextOrigin } from './index-files/text-origin.ts';
export type { KernelLocation } from './kernel/kernel-file.ts';
export { type KernelLogRecord, readKernelLog } from './kernel/kernel-log.ts';
export type { LoadedModule, ModuleState } from './kernel/loaded-module.ts';
export type { CallSubject, ModuleCalls } from './native/module-calls.ts';
export type { ModuleParameters, ParameterRecord } from './plan/module-parameters.ts';
export type {
  DeleteStep,
  InsertCall,
  InsertStep,
  LoadPlan,
  LoadStep,
  Obstacle,
  SkipBuiltinStep,
  SkipLoadedStep,
  SkippedModule,
  StepReason,
  UnloadPlan,
} from './plan/plan.ts';
