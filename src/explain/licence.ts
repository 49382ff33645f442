/** Licences that the kernel takes for compatible with its own (`license_is_gpl_compatible`). */
const compatible: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** Whether a module of this licence may use GPL-only symbols; null is a module that names none. */
export function isGplCompatible(license: string | null): boolean {
  return license !== null && compatible.has(license);
}
