import { nativeBinding } from './load-binding.ts';

/**
 * Sends a message to the system's log, as syslog(3) does with LOG_CONS and LOG_DAEMON. Where there is no addon that fits,
 * the message is lost, as it would be without a log.
 *
 * @param ident the program's name, in front of the text
 * @param priority as of syslog(3): 0 emergency to 7 debug
 */
export function writeSystemLog(ident: string, priority: number, text: string): void {
  try {
    nativeBinding().writeSystemLog(ident, priority, text);
  } catch {
    // A message must not become a failure of what it tells of.
  }
}
