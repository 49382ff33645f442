import type { Diagnosis, Finding } from '../explain/diagnosis.ts';
import type { Paint } from './colour.ts';
import { wrapped } from './manual.ts';

const WIDTH = 100;

/** No looks at all. */
const plain: Paint = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
};

/** A diagnosis for people: the verdict, each finding with its evidence, and with `isWhole` all that was looked at. */
export function diagnosisText(diagnosis: Diagnosis, paint: Paint = plain, isWhole = false): string {
  const { findings, checks, module, subject } = diagnosis;
  const shown = isWhole ? checks : checks.filter(({ result }) => result === 'unknown');
  return [
    `${paint.bold(module ?? subject)}: ${verdictText(diagnosis, paint)}\n`,
    ...findings.map((finding) => findingText(finding, paint)),
    ...shown.map(({ name, result, detail }) => {
      const word = result === 'ok' ? paint.good('ok') : result === 'fault' ? paint.bad('fault') : 'not known';
      return `  ${paint.dim(name)} ${word}: ${detail}\n`;
    }),
  ].join('');
}

function verdictText({ verdict, release }: Diagnosis, paint: Paint): string {
  switch (verdict) {
    case 'fails':
      return paint.bad(`does not load on ${release}`);
    case 'may-fail':
      return paint.bad(`may not load on ${release}`);
    case 'loaded':
      return paint.good('is loaded');
    case 'built-in':
      return paint.good(`is part of the kernel ${release}`);
    default:
      return paint.good(`nothing speaks against loading it on ${release}`);
  }
}

/** One finding: a sentence, its code, what it rests on and what helps. */
export function findingText(finding: Finding, paint: Paint = plain): string {
  const { text, cause, confidence, refused, errno, evidence, remedies } = finding;
  const answer = !refused ? ', the load goes on' : errno === null ? '' : `, ${errno}`;
  return [
    `${indented(text, '  ')}    ${paint.dim('cause')} ${paint.bold(cause)} (${confidence}${answer})\n`,
    ...evidence.map((each) => `    ${paint.dim('seen')} ${each.text} [${each.source}]\n`),
    ...remedies.map((remedy) => `    ${paint.dim('remedy')} ${remedy}\n`),
  ].join('');
}

/** A text in lines of bounded width, each with something before it. */
export function indented(text: string, by: string): string {
  return wrapped(text, WIDTH - by.length).replaceAll(/^(?=.)/gm, by);
}
