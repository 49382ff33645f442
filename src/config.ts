/** `kmodctl/config`: what configuration files say, as data. */
export {
  type ExplainedLine,
  type Explanation,
  explanationText,
  type LineEffect,
} from './config/explanation.ts';
export { findingText, type LintFinding, type ModuleFacts } from './config/lint-finding.ts';
export { explainModprobeConfiguration, type ExplanationRequest } from './config/modprobe-explanation.ts';
export { lintModprobeConfiguration } from './config/modprobe-lint.ts';
export { explainModulesConf } from './config/modules-conf/explain.ts';
export { lintModulesConf } from './config/modules-conf/lint.ts';
export {
  type ModprobeConfigurationOptions,
  readModprobeConfiguration,
} from './api/modprobe-configuration.ts';
export type { ConfigurationProblem, ConfigurationProblemCode } from './config/configuration-notice.ts';
export type {
  AliasRecord,
  BlacklistRecord,
  CommandRecord,
  HiddenFile,
  ModprobeConfiguration,
  OptionsRecord,
} from './config/modprobe-configuration.ts';
export { type ConfOrigin, originText } from './config/modules-conf/conf-origin.ts';
export { type Conversion, convertModulesConf } from './config/modules-conf/convert.ts';
export type { ConversionWarning } from './config/modules-conf/conversion-warning.ts';
export { configurationText } from './config/modules-conf/configuration-text.ts';
export {
  type ConfDiagnostic,
  type ConfDiagnosticCode,
  diagnosticText,
  originalMessages,
} from './config/modules-conf/diagnostic.ts';
export type { CommandDirective, GeneratedFileName, ListDirective } from './config/modules-conf/directive.ts';
export type { LogicalLine } from './config/modules-conf/logical-line.ts';
export type {
  ConditionRecord,
  ConfCommandRecord,
  ConfLine,
  DefineRecord,
  GivenValue,
  ListRecord,
  ModulesConfiguration,
  PathRecord,
} from './config/modules-conf/model.ts';
export { type ModulesConfOptions, readModulesConf } from './config/modules-conf/read-modules-conf.ts';
export type { ReadingMode } from './config/modules-conf/reading-mode.ts';
export type { Statement } from './config/modules-conf/statement.ts';
export { parseSyntaxTree, printSyntaxTree, type SyntaxTree } from './config/modules-conf/syntax-tree.ts';
export type { SoftDependencyLine } from './index-files/soft-dependency-file.ts';
export type { TextOrigin } from './index-files/text-origin.ts';
export type { WeakDependencyLine } from './index-files/weak-dependency-file.ts';
export { textBytes } from './native/byte-text.ts';
