// Adds up the runner's own reports (Jest-style JSON, as vitest writes it) and prints one line.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);
const skipped = sum('numPendingTests') + sum('numTodoTests');
const counts = `${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed`;
console.log(skipped > 0 ? `${counts}, ${skipped} skipped` : counts);
process.exit(sum('numFailedTests') === 0 && sum('numPassedTests') > 0 ? 0 : 1);
