import type { CliIo } from './cli-io.ts';
import { runSubcommand, type Subcommand } from './kmodctl-options.ts';

/** The whole program as far as one of kmodctl's own commands goes, as `run` of `main.ts`: a bundle like those of the tools. */
export function commandProgram(
  name: string,
  subcommand: Subcommand,
): (argv: readonly string[], io: CliIo) => number | Promise<number> {
  return (argv, io) => runSubcommand(name, subcommand, argv.slice(3), io);
}
