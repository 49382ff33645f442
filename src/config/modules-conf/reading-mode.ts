/**
 * How modules.conf is read: `2.4` as modutils 2.4.16 did, with its defects (docs/modules-conf.md lists them) but never
 * with its memory errors; `fixed` without the defects.
 */
export type ReadingMode = '2.4' | 'fixed';
