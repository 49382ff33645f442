/** Something that reading configuration has to say. It never stops the reading. */
export interface ConfigurationNotice {
  readonly priority: 'error' | 'info';
  /** kmod's words. */
  readonly text: string;
}

/** Takes notices as they arise. */
export type ConfigurationReport = (notice: ConfigurationNotice) => void;
