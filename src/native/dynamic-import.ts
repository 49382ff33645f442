/** As `import()`, from a file of its own: bundles whose code was compiled beforehand cannot import. */
export async function importModule(specifier: string): Promise<unknown> {
  return (await import(specifier)) as unknown;
}
