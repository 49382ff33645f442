import { failureFacts } from './failure-report.ts';

/** What a JSON document of ours holds. Each has a schema in docs/schemas. */
export type DocumentKind =
  | 'audit'
  | 'config-convert'
  | 'config-explain'
  | 'config-lint'
  | 'config-show'
  | 'doctor'
  | 'error'
  | 'helper'
  | 'info'
  | 'ksyms'
  | 'list'
  | 'load'
  | 'plan'
  | 'tree'
  | 'unload'
  | 'watch'
  | 'why'
  | 'why-not';

/**
 * A document with its `schema`, the name and version of its form. The version rises when a field changes its meaning or
 * goes; new fields may come without that.
 */
export function jsonDocument(kind: DocumentKind, content: object): string {
  return `${JSON.stringify({ schema: `kmodctl/${kind}/1`, ...content }, errorsAsFacts, 2)}\n`;
}

/** A document on a line of its own, for commands that print one after the other. */
export function jsonLine(kind: DocumentKind, content: object): string {
  return `${JSON.stringify({ schema: `kmodctl/${kind}/1`, ...content }, errorsAsFacts)}\n`;
}

/** The document that stands in place of a result when there is none. */
export function errorDocument(error: unknown): string {
  return jsonDocument('error', { error: failureFacts(error) });
}

function errorsAsFacts(_key: string, value: unknown): unknown {
  return value instanceof Error ? failureFacts(value) : value;
}
