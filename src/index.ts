/** `kmodctl`: Linux kernel modules by name, with all that they need. */
export { auditFiles, type AuditOptions } from './api/audit.ts';
export { autoclean, type AutocleanOptions, autocleanSync } from './api/autoclean.ts';
export { depmod, type DepmodOptions, type DepmodResult, depmodSync } from './api/depmod.ts';
export { type DemandLoaderOptions, loadOnDemand } from './api/demand-loader.ts';
export { helperStatus, installHelper, removeHelper } from './api/helper.ts';
export { diagnose, type DiagnoseOptions, diagnoseSync } from './api/diagnose.ts';
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
export {
  drawLoaded,
  drawLoadedSvg,
  loadedTree,
  type LoadedPictureOptions,
  type LoadedTreeOptions,
} from './api/loaded-picture.ts';
export { modinfo, type ModinfoOptions, modinfoSync } from './api/modinfo.ts';
export {
  moduleVersions,
  type ModuleVersions,
  type ModuleVersionsOptions,
  type NeededVersion,
} from './api/module-versions.ts';
export type { ModinfoKind } from './api/modinfo-target.ts';
export type { ConfigurationOptions } from './api/configuration-options.ts';
export type { PlaceOptions } from './api/place-options.ts';
export { drawPlan, drawPlanSvg } from './api/plan-picture.ts';
export type { RunOptions } from './api/run-options.ts';
export {
  planRemoval,
  type PlanRemovalOptions,
  rmmod,
  type RmmodOptions,
  rmmodSync,
  type UnloadResult,
} from './api/unload.ts';
export { why, whyNot, whyNotSync, type WhyOptions, whySync } from './api/why.ts';
export { watch, type WatchOptions } from './api/watch.ts';
export type { AnsweredRequest, Decide, DemandLoader, DemandRequest } from './demand/demand-loader.ts';
export type { DemandAnswer } from './demand/loader-protocol.ts';
export type { AuditFinding, FileAudit } from './demand/file-audit.ts';
export type { HelperOptions, HelperStatus, InstallHelperOptions } from './demand/helper.ts';
export type { HelperProblem } from './demand/helper-problem.ts';
export type { DepmodNotice } from './depmod/depmod-notice.ts';
export { errorCodes, type KmodErrorCode } from './errors/error-codes.ts';
export { KmodError, type KmodErrorDetails } from './errors/kmod-error.ts';
export { ModuleSystemError, type SystemErrorFacts } from './errors/system-error.ts';
export type { AutocleanResult } from './execute/autoclean-run.ts';
export { type CauseCode, causes, type FailureStage } from './explain/cause.ts';
export { explanationOf } from './explain/explanation.ts';
export type { AbsenceNote, ModuleAbsence } from './explain/module-absence.ts';
export type { ModuleAccount } from './explain/module-account.ts';
export type { LoadReason, LoadReasonKind } from './explain/reasons/load-reason.ts';
export type { ModuleUse, UseKind } from './explain/uses/module-use.ts';
export type { ModuleUses } from './explain/uses/module-uses.ts';
export type { Check, Confidence, Diagnosis, Evidence, Finding } from './explain/diagnosis.ts';
export { CommandFailure } from './execute/command-step.ts';
export type { OwnerCheck, OwnerFinding } from './execute/file-owner.ts';
export type { CommandEnd, CommandRunner, ShellCommand } from './execute/shell-command.ts';
export { type FailedRollback, PlanFailure, type Progress } from './execute/plan-failure.ts';
export type { StepEvent, StepOutcome, StepResult } from './execute/step-result.ts';
export {
  type ModuleAlias,
  ModuleIndexes,
  openIndexes,
  type OpenIndexesOptions,
} from './index-files/module-indexes.ts';
export type { DependencyLine } from './index-files/module-tree.ts';
export type { SoftDependencyLine } from './index-files/soft-dependency-file.ts';
export type { WeakDependencyLine } from './index-files/weak-dependency-file.ts';
export type { DeviceName } from './index-files/device-name-file.ts';
export type { ListedModule } from './index-files/module-list-file.ts';
export type { MalformedLine } from './index-files/text-lines.ts';
export type { TextOrigin } from './index-files/text-origin.ts';
export type {
  AliasRecord,
  BlacklistRecord,
  CommandRecord,
  HiddenFile,
  ModprobeConfiguration,
  OptionsRecord,
} from './config/modprobe-configuration.ts';
export type { ConfigurationProblem } from './config/configuration-notice.ts';
export type { KernelLocation } from './kernel/kernel-file.ts';
export { type KernelLogRecord, readKernelLog } from './kernel/kernel-log.ts';
export type { ProcessName } from './kernel/process-list.ts';
export type { ModuleDetails } from './kernel/watch/module-details.ts';
export type { ModuleWatcher } from './kernel/watch/module-watcher.ts';
export type {
  AddedRecord,
  NoticeRecord,
  OutcomeRecord,
  OverrunRecord,
  RemovedRecord,
  RequestRecord,
  WatchRecord,
} from './kernel/watch/watch-record.ts';
export type { LoadedModule, ModuleState } from './kernel/loaded-module.ts';
export {
  type ModuleFile,
  readModuleFile,
  readModuleFileSync,
  type ReadModuleOptions,
} from './module-file/module-file.ts';
export type { CertificateInput } from './module-file/certificate.ts';
export type { Compression } from './module-file/compression.ts';
export type { ElfSection } from './module-file/elf-section.ts';
export type { ExportedSymbol } from './module-file/exported-symbol.ts';
export type { SoftDependencies } from './module-file/modinfo-dependency.ts';
export type { ModinfoEntry } from './module-file/modinfo-section.ts';
export { prototypeCrc, versionedSymbolName } from './module-file/prototype-crc.ts';
export type { SignatureInformation } from './module-file/modinfo-signature.ts';
export type { ModuleInformation, Vermagic } from './module-file/modinfo-summary.ts';
export type { NeededSymbol } from './module-file/needed-symbol.ts';
export type { KernelParameterType, ModuleParameter } from './module-file/parameter-type.ts';
export type { SignatureVerdict } from './module-file/signature-verification.ts';
export type { SymbolVersion } from './module-file/symbol-version.ts';
export type { CallSubject, ModuleCalls } from './native/module-calls.ts';
export type { LoadedBranch } from './plan/loaded-tree.ts';
export type { ModuleParameters, ParameterRecord } from './plan/module-parameters.ts';
export type {
  CommandStep,
  DeleteStep,
  InsertCall,
  InsertStep,
  LeftModule,
  LoadPlan,
  LoadStep,
  LoadTarget,
  Obstacle,
  OptionText,
  SkipBuiltinStep,
  SkipLoadedStep,
  SkippedModule,
  StepReason,
  UnloadPlan,
  UnloadStep,
} from './plan/plan.ts';
