import { createHash } from 'crypto';
import fs from 'fs';
import path from 'path';

import { root } from './step.mjs';

/** Files below some paths of this package, with forward slashes, sorted. Paths that do not exist are left out. */
export function filesBelow(places) {
  const found = [];
  const visit = (place) => {
    const stat = fs.statSync(path.join(root, place), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory()) found.push(place);
    else fs.readdirSync(path.join(root, place)).forEach((name) => visit(place + '/' + name));
  };
  places.forEach(visit);
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/** A hash of names and contents of files of this package, and of further texts. */
export function contentHash(files, texts = []) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(file + '\0' + content.length + '\0').update(content);
  }
  return hash.update(JSON.stringify(texts)).digest('hex');
}
