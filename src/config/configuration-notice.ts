/** Something that reading configuration has to say. It never stops the reading. */
export interface ConfigurationNotice {
  readonly priority: 'error' | 'info';
  /** kmod's words. */
  readonly text: string;
}

/** Takes notices as they arise. */
export type ConfigurationReport = (notice: ConfigurationNotice) => void;

/** Stable names of what can be wrong with configuration. */
export type ConfigurationProblemCode =
  /** A line that is no directive, or lacks a part. */
  | 'bad-line'
  /** `include` or `config`, which are not followed any more. */
  | 'deprecated-directive'
  /** An option on the kernel's command line whose module cannot be one. */
  | 'bad-kernel-option'
  /** A folder whose name ends in `.conf`, in a configuration folder. */
  | 'nested-folder'
  /** An entry of a folder that leads nowhere. */
  | 'dangling-link'
  /** An entry of a folder whose name does not end in `.conf`; only depmod tells. */
  | 'other-name'
  /** A file or folder that cannot be read. */
  | 'unreadable';

/** A notice with what a program or a person needs to mend it. */
export interface ConfigurationProblem extends ConfigurationNotice {
  readonly code: ConfigurationProblemCode;
  /** File or folder that it is about. */
  readonly file: string;
  /** Number of the line, from 1: the last one of a line that is continued. Null when it is about all of the file. */
  readonly line: number | null;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}
