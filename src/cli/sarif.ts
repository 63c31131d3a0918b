import { pathToFileURL } from 'node:url';
import { isAbsolute } from 'node:path';
import type { PolicyFinding, PolicyPlace, PolicyProblem } from '../contract/index.ts';

/** What a check found, for code scanners: SARIF 2.1.0 (OASIS), one run. */
export function sarifOf(
  mainFile: string,
  problems: readonly PolicyProblem[],
  findings: readonly PolicyFinding[],
): unknown {
  const results = [
    ...problems.map((problem) => ({
      ruleId: 'policy-problem',
      level: problem.severity,
      message: { text: messageOf(problem) },
      locations: [locationOf(mainFile, problem)],
    })),
    ...findings.map(({ code, severity, message, related, witness, ...place }) => ({
      ruleId: code,
      level: severity,
      message: { text: message },
      locations: [locationOf(mainFile, place)],
      relatedLocations: related.map((each, id) => ({
        id,
        ...locationOf(mainFile, each),
        message: { text: each.message },
      })),
      ...(witness !== null && { properties: { witness } }),
    })),
  ];
  const rules = [...new Set(results.map(({ ruleId }) => ruleId))].map((id) => ({
    id,
    shortDescription: { text: id.replaceAll('-', ' ') },
  }));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'bourse', rules } }, results }],
  };
}

function messageOf({ message, suggestion }: PolicyProblem): string {
  return suggestion === null ? message : `${message}; did you mean "${suggestion}"?`;
}

/** A problem of the file as a whole has no region. */
function locationOf(mainFile: string, { file = mainFile, line, column, path }: PolicyPlace) {
  const uri = isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll('\\', '/'));
  return {
    physicalLocation: {
      artifactLocation: { uri },
      ...(line !== null && { region: { startLine: line, startColumn: column ?? 1 } }),
    },
    ...(path !== '' && { logicalLocations: [{ fullyQualifiedName: path }] }),
  };
}
