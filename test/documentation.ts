import { readFileSync } from 'node:fs';

/** A piece of code in the documentation. */
export interface Snippet {
  /** Page and line. */
  readonly title: string;
  readonly language: string;
  readonly code: string;
  /** Where it is run: by a comment `<!-- run: host -->` or `<!-- run: guest -->` before it. */
  readonly place: string | undefined;
  /** What it prints, if a block of text follows it directly. */
  readonly output: string | undefined;
}

export const pages: readonly string[] = [
  'README.md',
  'docs/api.md',
  'docs/cli.md',
  'docs/compatibility.md',
  'docs/configuration.md',
  'docs/demand-loading.md',
  'docs/depmod.md',
  'docs/errors.md',
  'docs/history.md',
  'docs/json.md',
  'docs/modules-conf.md',
  'docs/vm.md',
  'docs/why.md',
  'docs/watch.md',
  'docs/architecture.md',
];

/** Every block of JavaScript, TypeScript or shell in the documentation. */
export function snippets(): readonly Snippet[] {
  return pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    const blocks = text.matchAll(
      /(?:<!-- run: (\w+) -->\n+)?```(js|ts|sh)\n([^]*?)```\n(?:\n+Prints:\n+```text\n([^]*?)```\n)?/g,
    );
    return [...blocks].map(([, place, language = '', code = '', output], index) => ({
      title: `${page}, number ${index + 1}: ${code.split('\n').find((line) => line !== '') ?? ''}`,
      language,
      code,
      place,
      output,
    }));
  });
}

/** The block after `<!-- output of: NAME -->`. */
export function outputBlock(page: string, name: string): string {
  const text = readFileSync(page, 'utf8');
  const match = new RegExp(`<!-- output of: ${name} -->\\n+\`\`\`text\\n([^]*?)\`\`\``).exec(text);
  if (match?.[1] === undefined) throw new Error(`${page} has no output of ${name}`);
  return match[1];
}
