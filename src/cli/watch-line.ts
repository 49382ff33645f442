import type { AddedRecord, NoticeRecord, OutcomeRecord, WatchRecord } from '../kernel/watch/watch-record.ts';
import type { Paint } from './colour.ts';

/** A record as a line for people: time of day, what happened, to what, more about it. */
export function watchLine(record: Exclude<WatchRecord, NoticeRecord>, paint: Paint): string {
  const line = (word: string, subject: string, more: string): string =>
    [paint.dim(timeOfDay(record.time)), word, paint.bold(subject), more].join('  ').trimEnd().concat('\n');
  switch (record.type) {
    case 'added': {
      const word = record.initial ? 'loaded ' : paint.good('added  ');
      return line(word, clean(record.module), detailsText(record));
    }
    case 'removed':
      return line(paint.bad('removed'), clean(record.module), record.seen === 'scan' ? '(seen late)' : '');
    case 'request': {
      const { name, requester, callSite, wait } = record;
      const who = `by ${clean(requester.comm)} (${requester.pid}) in ${clean(callSite)}`;
      return line('request', clean(name), wait ? who : `${who}, does not wait`);
    }
    case 'outcome':
      return line('outcome', clean(record.name), outcomeText(record));
    default:
      return line(paint.bad('overrun'), '', overrunTexts[record.where]);
  }
}

const overrunTexts = {
  kernel: 'events were lost; /proc/modules was read instead',
  reader:
    'this program was too slow; comings and goings that cancel each other out, and old requests, were left out',
  requests: 'requests were lost',
} as const;

const outcomeWords = {
  loaded: 'loaded',
  'already-loaded': 'was there already:',
  'held-back': 'held back',
  'not-found': 'nothing has that name',
  unknown: 'not known',
} as const;

function outcomeText({ outcome, module, afterMs, evidence }: OutcomeRecord): string {
  const subject = module === null || outcome === 'unknown' ? '' : ` ${clean(module)}`;
  const time = afterMs === null ? '' : ` after ${Math.round(afterMs)} ms`;
  return `${outcomeWords[outcome]}${subject}${time}  (${clean(evidence)})`;
}

function detailsText({ details, seen, initial }: AddedRecord): string {
  if (details === null) return seen === 'scan' && !initial ? '(seen late)' : '';
  const { size, taints, version, holders, parameters } = details;
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [
    ...(size === null ? [] : [`${size} bytes`]),
    ...(version === null ? [] : [`version ${version}`]),
    ...(taints === null || taints === '' ? [] : [`taints ${taints}`]),
    ...(holders.length === 0 ? [] : [`used by ${holders.join(' ')}`]),
    ...values,
  ]
    .map(clean)
    .join('  ');
}

const two = (number: number): string => String(number).padStart(2, '0');

function timeOfDay(time: Date): string {
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}

/** Names of processes and requests are anybody's: nothing in them may steer a terminal. */
function clean(text: string): string {
  return text.replaceAll(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
