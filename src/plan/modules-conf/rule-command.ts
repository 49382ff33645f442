import { type ConfiguredCommand, commandStep, MODULES_CONF } from '../configured-command.ts';
import type { CommandStep } from '../plan.ts';
import type { ModulesConfRules, RuleCommand } from './rules.ts';

/** The step of a command of a modules.conf: it sees the variables of `define`, and the file counts for it too. */
export function ruleCommandStep(
  { directive, name, template, command, origin }: RuleCommand,
  rules: ModulesConfRules,
  facts: Pick<ConfiguredCommand, 'module' | 'path' | 'options' | 'chain' | 'because' | 'required'>,
): CommandStep {
  const record = { module: name, command, origin };
  const step = commandStep({ directive, record, compat: false, ...facts });
  const [file] = rules.model.files;
  const environment = {
    ...rules.environment,
    ...step.environment,
    ...(file?.startsWith('/') === true && { [MODULES_CONF]: file }),
  };
  return { ...step, template, environment };
}
