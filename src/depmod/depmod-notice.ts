/** How much a notice matters, as kmod ranks its messages. */
export type NoticePriority = 'error' | 'warning' | 'info';

/** Something that depmod has to say on its way, in kmod's words where kmod says it too. */
export interface DepmodNotice {
  readonly priority: NoticePriority;
  readonly text: string;
}

/** Takes notices as they arise. */
export type DepmodReport = (notice: DepmodNotice) => void;
