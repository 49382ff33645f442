import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { packageRoot } from '../native/load-binding.ts';
import type { CliIo } from './cli-io.ts';
import { candidatesFor, type Offer } from './completion-candidates.ts';
import { shells } from './kmodctl-manual.ts';
import { wordsToComplete } from './option-words.ts';

/** `kmodctl completion SHELL`: prints the script for a shell. */
export function runCompletion(argv: readonly string[], io: CliIo): number {
  const [shell] = argv;
  if (shell === '--help' || shell === '-h') {
    io.stdout(completionHelp);
    return 0;
  }
  const known = shells.find((name) => name === shell);
  if (known === undefined || argv.length !== 1) {
    io.stderr(`kmodctl completion: which shell? Give one of ${shells.join(', ')}.\n${completionHelp}`);
    return 1;
  }
  io.stdout(readFileSync(join(packageRoot(), 'docs/completion', `kmodctl.${known}`)));
  return 0;
}

const completionHelp = `Usage:
	kmodctl completion ${shells.join('|')}
Prints what a shell needs to complete the command lines of kmodctl and of the tools: options, their values, names of
modules and of their parameters.
	bash: echo 'source <(kmodctl completion bash)' >>~/.bashrc
	zsh:  kmodctl completion zsh >"\${fpath[1]}/_kmodctl"
	fish: kmodctl completion fish >~/.config/fish/completions/kmodctl.fish
`;

/**
 * `kmodctl __complete LINE`, which the scripts call: LINE is the command line up to the cursor. The first line of the
 * output says what kind of offer follows: `words`, `open` (words that something will be joined to), `files` or
 * `folders`; then come the words that the last one on the line could be, each with a tab and a few words on it.
 */
export function runComplete(argv: readonly string[], io: CliIo): number {
  const words = wordsToComplete(argv[0] ?? '');
  const [program = '', ...rest] = words;
  const offer = offerFor([basename(program), ...rest], io);
  const lines = offer.candidates.map(([word, text]) => (text === '' ? word : `${word}\t${text}`));
  io.stdout([offer.kind, ...lines, ''].join('\n'));
  return 0;
}

function offerFor(words: readonly string[], io: CliIo): Offer {
  try {
    return candidatesFor(words, io);
  } catch {
    // A tree without indexes, a module that is not there: nothing can be offered, and a prompt is no place for messages.
    return { kind: 'words', candidates: [] };
  }
}
