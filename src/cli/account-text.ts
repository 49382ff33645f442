import type { Evidence } from '../explain/diagnosis.ts';
import type { ModuleAbsence } from '../explain/module-absence.ts';
import type { ModuleAccount } from '../explain/module-account.ts';
import type { LoadReason } from '../explain/reasons/load-reason.ts';
import type { ModuleUse } from '../explain/uses/module-use.ts';
import type { Paint } from './colour.ts';
import { findingText, indented } from './diagnosis-text.ts';

/** Why a module is there and what keeps it, for people. */
export function accountText(account: ModuleAccount, paint: Paint): string {
  const { module, state, refcount, reasons, uses, unknown, permanent } = account;
  const keeping = uses.filter(({ references }) => references.most !== 0);
  const going = uses.filter(({ references }) => references.most === 0);
  const words = {
    live: paint.good('is loaded'),
    coming: 'is being loaded',
    going: 'is being unloaded',
    'built-in': paint.good('is part of the kernel'),
    'not-loaded': paint.bad('is not loaded'),
  };
  const count = refcount === null ? '' : `, use count ${refcount}`;
  return [
    `${paint.bold(module)}: ${words[state]}${count}\n`,
    section(
      paint.bold(state === 'not-loaded' ? 'What asks for it' : 'Why it is there'),
      reasons.map((reason) => reasonText(reason, paint)),
    ),
    state === 'not-loaded' ? `See kmodctl why --not ${module}.\n` : '',
    section(paint.bold('What keeps it'), [
      ...keeping.map((use) => useText(use, paint)),
      ...restText(account),
      ...(permanent ? [indented('It has no exit function, so the kernel never unloads it.', '  ')] : []),
      ...(state === 'live' && refcount === 0 && !permanent
        ? [indented('Nothing: it can be unloaded.', '  ')]
        : []),
    ]),
    section(
      paint.bold('What goes with it'),
      going.map((use) => useText(use, paint)),
    ),
    section(
      paint.bold('Not known'),
      unknown.map((text) => indented(text, '  ')),
    ),
  ].join('');
}

/** Why a module is not there, for people. */
export function absenceText(absence: ModuleAbsence, paint: Paint): string {
  const { subject, module, state, findings, notes, reasons, unknown, verdict } = absence;
  const words = {
    live: paint.good('is loaded'),
    coming: 'is being loaded',
    going: 'is being unloaded',
    'built-in': paint.good('is part of the kernel, and so always there'),
    'not-loaded': paint.bad('is not loaded'),
  };
  return [
    `${paint.bold(module ?? subject)}: ${words[state]}\n`,
    section(
      paint.bold('What speaks against a load'),
      findings.map((finding) => findingText(finding, paint)),
    ),
    verdict === 'no-fault' ? indented('Nothing speaks against a load: modprobe loads it.', '  ') : '',
    section(
      paint.bold('What becomes of requests'),
      notes.map(({ text, evidence, remedies }) => block(text, undefined, { evidence, remedies }, paint)),
    ),
    section(
      paint.bold('What asks for it'),
      reasons.map((reason) => reasonText(reason, paint)),
    ),
    section(
      paint.bold('Not known'),
      unknown.map((text) => indented(text, '  ')),
    ),
  ].join('');
}

function section(title: string, blocks: readonly string[]): string {
  const texts = blocks.filter((text) => text !== '');
  return texts.length === 0 ? '' : `${title}\n${texts.join('')}`;
}

function reasonText({ text, confidence, evidence }: LoadReason, paint: Paint): string {
  return block(text, confidence, { evidence, remedies: [] }, paint);
}

function useText({ text, confidence, evidence, remedies, references }: ModuleUse, paint: Paint): string {
  const { least, most } = references;
  const count = most === 0 || least !== most || most === 1 ? '' : `, ${most} references`;
  return block(text, `${confidence}${count}`, { evidence, remedies }, paint);
}

function block(
  text: string,
  note: string | undefined,
  { evidence, remedies }: { readonly evidence: readonly Evidence[]; readonly remedies: readonly string[] },
  paint: Paint,
): string {
  return [
    indented(note === undefined ? text : `${text} (${note})`, '  '),
    ...evidence.map((each) => `    ${paint.dim('seen')} ${each.text} [${each.source}]\n`),
    ...remedies.map((remedy) => `    ${paint.dim('to end it')} ${remedy}\n`),
  ].join('');
}

function restText({ unexplained }: ModuleAccount): readonly string[] {
  if (unexplained === null || unexplained.least === 0) return [];
  const { least, most } = unexplained;
  const count = least === most ? String(least) : `${least} to ${most}`;
  return [
    indented(
      `${count} ${most === 1 ? 'reference' : 'references'} that /proc and /sys do not explain: something in the kernel itself, or something that this user may not see.`,
      '  ',
    ),
  ];
}
