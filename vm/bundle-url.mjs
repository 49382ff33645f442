/** What `import.meta.url` is in a bundle: esbuild puts this where it is used, and only there. */
import { pathToFileURL } from 'node:url';

export const bundleUrl = /* @__PURE__ */ (() => pathToFileURL(__filename).href)();
