/** The source of a regular expression for a module's name, with dashes or underscores. A file's name may hold anything. */
export function modulePattern(module: string): string {
  return module.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll('_', '[-_]');
}
