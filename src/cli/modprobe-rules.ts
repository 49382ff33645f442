import { modulesConfAt } from '../api/modules-conf-option.ts';
import { diagnosticText, originalMessages } from '../config/modules-conf/diagnostic.ts';
import { configurationText } from '../config/modules-conf/configuration-text.ts';
import { MODULES_CONF } from '../plan/configured-command.ts';
import { ModulesConfRules } from '../plan/modules-conf/rules.ts';
import type { CliIo } from './cli-io.ts';
import type { Messages } from './messages.ts';
import type { ModprobeArguments } from './modprobe-options.ts';
import { packageVersion } from './version.ts';

/**
 * Reads the modules.conf that `--modules-conf` names, or a modprobe that has run this one as a command; undefined for
 * none. Tells what is wrong with it.
 *
 * @returns the exit code where there is an error: nothing may be done then
 */
export function readRules(
  { modulesConf, mode = 'fixed', allowShell, setVersion, autoclean, safe }: ModprobeArguments,
  io: CliIo,
  messages: Messages,
): ModulesConfRules | number | undefined {
  const file = modulesConf ?? io.env[MODULES_CONF];
  if (file === undefined) return undefined;
  const model = modulesConfAt(file === '' ? undefined : file, {
    release: setVersion ?? io.release,
    mode,
    root: io.root,
    workingDirectory: io.workingDirectory,
    environment: io.env,
    allowShell,
    autoclean,
    safeMode: safe,
  });
  if (mode === '2.4') {
    io.stderr(originalMessages(model.diagnostics));
    return model.hasFailed ? 255 : new ModulesConfRules(model);
  }
  for (const diagnostic of model.diagnostics) {
    const text = diagnosticText(diagnostic).trimEnd();
    if (diagnostic.severity === 'error') messages.error(text);
    else messages.warning(text);
  }
  if (!model.hasFailed) return new ModulesConfRules(model);
  messages.error(`nothing is done, because ${model.files[0] ?? file} has errors`);
  return 1;
}

/** What `modprobe -c` of modutils printed. */
export function rulesText({ model }: ModulesConfRules): string {
  return configurationText(model, `kmodctl ${packageVersion()}`);
}
