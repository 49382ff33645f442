/** What is wrong with a value of `--check-owner`. */
export function ownerCheckFault(value: string): string {
  return `--check-owner takes off, warn or refuse, not '${value}'`;
}
