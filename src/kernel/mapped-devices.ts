import { closeSync, openSync } from 'node:fs';
import { endianness } from 'node:os';

import type { KernelQuestions } from '../native/kernel-questions.ts';
import type { KernelView } from './kernel-view.ts';

/** A device of the device mapper. */
export interface MappedDevice {
  /** Name in /sys/block, for example `dm-0`. */
  readonly block: string;
  readonly name: string;
  readonly uuid: string;
  /** Kinds of the targets in its table, for example `crypt`; undefined where the table cannot be read. */
  readonly targets: readonly string[] | undefined;
  readonly source: string;
}

/** Struct dm_ioctl of <linux/dm-ioctl.h>: version, sizes, counts, flags, name, uuid. */
const STRUCTURE = 312;
const SPACE = 64 * 1024;
const DATA_SIZE_AT = 12;
const DATA_START_AT = 16;
const TARGET_COUNT_AT = 20;
const FLAGS_AT = 28;
const NAME_AT = 48;
const STATUS_TABLE = 1 << 4;
/** _IOWR(0xfd, 12, struct dm_ioctl), with the direction's bits as most processors have them. */
const TABLE_STATUS = 0xc1_38_fd_0c;
/** Struct dm_target_spec: start, length, status, offset of the next, kind. */
const NEXT_AT = 20;
const KIND_AT = 24;
const KIND_SIZE = 16;
const isLittle = endianness() === 'LE';

/** The devices of the device mapper, with their tables where these can be read: as root. */
export function mappedDevices(
  view: KernelView,
  questions: KernelQuestions | undefined,
): readonly MappedDevice[] {
  const blocks = view.names('sys/block').filter((name) => name.startsWith('dm-'));
  if (blocks.length === 0) return [];
  const control = questions === undefined ? undefined : openControl(view);
  try {
    return blocks.map((block) => {
      const name = view.text(`sys/block/${block}/dm/name`).trim();
      const uuid = view.text(`sys/block/${block}/dm/uuid`).trim();
      const targets = control === undefined ? undefined : targetsOf(name, control, questions);
      const source = targets === undefined ? `/sys/block/${block}/dm` : `table of ${name} (dmsetup table)`;
      return { block, name, uuid, targets, source };
    });
  } finally {
    if (control !== undefined) closeSync(control);
  }
}

function openControl(view: KernelView): number | undefined {
  try {
    return openSync(view.path('dev/mapper/control'), 'r');
  } catch {
    return undefined;
  }
}

function targetsOf(
  name: string,
  control: number,
  questions: KernelQuestions | undefined,
): readonly string[] | undefined {
  const structure = Buffer.alloc(SPACE);
  const view = new DataView(structure.buffer, structure.byteOffset, SPACE);
  view.setUint32(0, 4, isLittle);
  view.setUint32(DATA_SIZE_AT, SPACE, isLittle);
  view.setUint32(DATA_START_AT, STRUCTURE, isLittle);
  view.setUint32(FLAGS_AT, STATUS_TABLE, isLittle);
  structure.write(name.slice(0, 127), NAME_AT, 'latin1');
  if (questions?.control(control, TABLE_STATUS, structure) !== 0) return undefined;
  const count = view.getUint32(TARGET_COUNT_AT, isLittle);
  const start = view.getUint32(DATA_START_AT, isLittle);
  const targets: string[] = [];
  for (let at = start; targets.length < count && at + KIND_AT + KIND_SIZE <= SPACE;) {
    const kind = structure.toString('latin1', at + KIND_AT, at + KIND_AT + KIND_SIZE);
    targets.push(kind.replace(/\0.*$/s, ''));
    const next = view.getUint32(at + NEXT_AT, isLittle);
    if (next === 0) break;
    at = start + next;
  }
  return targets;
}
