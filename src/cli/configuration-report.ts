import type { ConfigurationProblem, ConfigurationProblemCode } from '../config/configuration-notice.ts';
import type { CliIo } from './cli-io.ts';
import type { Messages } from './messages.ts';

/** The functions of libkmod that its messages begin with. */
const sources: Readonly<Record<ConfigurationProblemCode, string>> = {
  'bad-line': 'kmod_config_parse',
  'deprecated-directive': 'kmod_config_parse',
  'bad-kernel-option': 'kcmdline_parse_result',
  'nested-folder': 'conf_files_filter_out',
  'dangling-link': 'conf_files_filter_out',
  'other-name': 'conf_files_filter_out',
  unreadable: 'conf_files_list',
};

/**
 * Shows what is wrong with configuration, as libkmod does while a tool is not set up yet: errors go to stderr with
 * libkmod's own name in front, whatever the tool's level is. The rest is for who asks for information.
 */
export function reportConfiguration(
  problems: readonly ConfigurationProblem[],
  io: CliIo,
  messages: Messages,
): void {
  for (const { priority, code, text } of problems)
    if (priority === 'error') io.stderr(`libkmod: ERROR: ${sources[code]}: ${text}\n`);
    else messages.info(text);
}
