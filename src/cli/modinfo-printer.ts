import type { ModinfoTarget } from '../api/modinfo-target.ts';
import type { ModinfoOfFile } from '../module-file/modinfo-file.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import { summarizeModinfo } from '../module-file/modinfo-summary.ts';
import { type Listing, listingBody, listingHead } from './modinfo-listing.ts';
import type { ModinfoArguments } from './modinfo-options.ts';
import { recordsText } from './modinfo-records.ts';

/** How modules are shown. All texts hold one character for each byte. */
export interface ModinfoPrinter {
  /** Before all modules. */
  readonly begin: string;
  /** What is shown of a module before it is read; that remains if it cannot be read. */
  readonly head: (target: ModinfoTarget) => string;
  readonly body: (target: ModinfoTarget, modinfo: ModinfoOfFile) => Listing;
  /** Behind all modules. */
  readonly end: () => string;
}

/** Form of the JSON; its number rises when a field changes its meaning or goes. */
const SCHEMA = 'kmodctl/modinfo/1';

/** The printer of the form that was asked for. */
export function modinfoPrinter({ form, field, separator }: ModinfoArguments): ModinfoPrinter {
  switch (form) {
    case 'json':
      return jsonPrinter();
    case 'records':
      return {
        begin: '',
        head: () => '',
        body: (target, modinfo) => ({ text: recordsText(target, modinfo), malformed: [] }),
        end: () => '',
      };
    default:
      return {
        begin: '',
        head: (target) => listingHead(target, { field, separator }),
        body: (_, modinfo) => listingBody(modinfo, { field, separator }),
        end: () => '',
      };
  }
}

// Module after module, so that thousands do not have to be kept.
function jsonPrinter(): ModinfoPrinter {
  let count = 0;
  return {
    begin: `{\n  "schema": "${SCHEMA}",\n  "modules": [`,
    head: () => '',
    body: (target, modinfo) => {
      const json = JSON.stringify(summarizeModinfo(target, modinfo), null, 2);
      const text = `${count++ === 0 ? '' : ','}\n${json.replace(/^/gm, '    ')}`;
      return { text: bytesOfText(text), malformed: [] };
    },
    end: () => `${count === 0 ? '' : '\n  '}]\n}\n`,
  };
}
