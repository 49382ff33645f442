import type { CommandRecord } from '../config/modprobe-configuration.ts';
import type { CommandStep, Obstacle, OptionText, StepReason } from './plan.ts';

/** Variable of the environment that names the commands now running above this process: `install:NAME`, with blanks. */
export const COMMAND_CHAIN = 'KMODCTL_COMMAND_CHAIN';

/** Variable by which a modprobe that a command runs reads the same modules.conf. */
export const MODULES_CONF = 'KMODCTL_MODULES_CONF';

const VARIABLE = '$CMDLINE_OPTS';

/** What a step is made from. */
export interface ConfiguredCommand {
  readonly directive: CommandStep['directive'];
  readonly record: CommandRecord;
  readonly module: string;
  readonly path: string | null;
  readonly options: readonly OptionText[];
  /** Put the options into the command's text, as kmod does, for the shell to evaluate. */
  readonly compat: boolean;
  /** Value of {@link COMMAND_CHAIN} in this process. */
  readonly chain: string | undefined;
  readonly because: StepReason;
  readonly required: boolean;
}

/**
 * The step that runs a command. The command finds the options in its environment as `CMDLINE_OPTS` and expands them
 * itself, so that nothing in them is ever taken for a part of the command; kmod writes them into the command's text.
 */
export function commandStep(command: ConfiguredCommand): CommandStep {
  const { directive, record, module, path, options, compat, chain, because, required } = command;
  const text = optionText(options);
  return {
    action: 'command',
    directive,
    module,
    path,
    template: record.command,
    command: compat ? withOptions(record.command, text) : record.command,
    environment: {
      MODPROBE_MODULE: module,
      ...(!compat && { CMDLINE_OPTS: text }),
      [COMMAND_CHAIN]: [...links(chain), link(directive, module)].join(' '),
    },
    parameters: parameterTextOf(options),
    options,
    origin: record.origin,
    because,
    required,
  };
}

/** What is in the way of a command that is running already, above this process: it would start itself for ever. */
export function commandLoop(
  { directive, module, origin }: CommandStep,
  chain: string | undefined,
): Pick<Obstacle, 'code' | 'reason' | 'errno'> | undefined {
  const above = links(chain);
  const start = above.indexOf(link(directive, module));
  if (start === -1) return undefined;
  const way = [...above.slice(start), link(directive, module)].map((name) => name.replace(':', ' '));
  return {
    code: 'ERR_KMOD_COMMAND_LOOP',
    reason: `The ${directive} command of ${module} (${origin.file}:${origin.line}) leads back to itself: ${way.join(', ')}. Let the command say modprobe --ignore-${directive} ${module}.`,
    errno: null,
  };
}

/** The text of a module's parameters. */
export function parameterTextOf(options: readonly OptionText[]): string {
  return options.map(({ text }) => text).join(' ');
}

/**
 * The text of a module's parameters as kmod prints it and gives it to commands: with a blank between those of the
 * configuration and the caller's, even where the caller has none.
 */
export function optionText(options: readonly OptionText[]): string {
  const configured = options.filter(({ origin }) => origin !== null).map(({ text }) => text);
  const own = options.filter(({ origin }) => origin === null).map(({ text }) => text);
  const text = configured.join(' ');
  return text === '' ? own.join(' ') : `${text} ${own.join(' ')}`;
}

/** A command with the options in the place of its variable, as kmod has it run, and as it names it in messages. */
export function withOptions(command: string, options: string): string {
  return command.replaceAll(VARIABLE, () => options);
}

function links(chain: string | undefined): readonly string[] {
  return (chain ?? '').split(' ').filter((name) => name !== '');
}

function link(directive: string, module: string): string {
  return `${directive}:${module}`;
}
