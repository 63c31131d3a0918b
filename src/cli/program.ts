import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { ADMIN_URL, MODEL_URL } from './default-urls.ts';
import { EVALUATION_TASKS, SPEEDS } from '../evaluate/index.ts';
import type { EvaluationTask } from '../evaluate/index.ts';
import { embed } from './embed.ts';
import { evaluateTask } from './evaluate.ts';
import { hashKey } from './hash-key.ts';
import { importConfig } from './import.ts';
import type { ImportFlags } from './import.ts';
import { check, decisions, explain, models, printSchema } from './inspect.ts';
import { demo, serve } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { trainIntent } from './train-intent.ts';

const HELP_WIDTH = 100;
const DB_HELP = 'SQLite file that keeps the ledger, budgets and what was learned';

/** The command line. `docs/reference/cli.md` is generated from it. */
export function createProgram(terminal: Terminal, version: string): Command {
  const program = new Command('bourse')
    .description('An LLM inference exchange: model instances bid for each request.')
    .version(version)
    .option('--debug', 'print stack traces of errors')
    .showHelpAfterError('(add --help for what there is)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  addServing(program, terminal);
  addInspection(program, terminal);
  addConfiguration(program, terminal);
  addModels(program, terminal);
  addMigration(program, terminal);
  return program;
}

function addServing(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('serve a policy file; without one, the engines and keys found on this machine')
    .option('-c, --config <file>', 'policy file (default: ./bourse.yaml if it exists)')
    .option('-w, --workers <count>', 'worker processes', integer(1, 1024))
    .option('--host <address>', 'address of the model API')
    .option('-p, --port <port>', 'port of the model API', integer(0, 65_535))
    .option('--admin-port <port>', 'port of the admin API', integer(0, 65_535))
    .option('--db <path>', DB_HELP)
    .action((flags: Parameters<typeof serve>[1]) => serve(terminal, flags));
  program
    .command('demo')
    .description('serve a simulated fleet: no GPU, no key, no download')
    .option('-p, --port <port>', 'port of the model API', integer(0, 65_535))
    .option('--admin-port <port>', 'port of the admin API', integer(0, 65_535))
    .option('-w, --workers <count>', 'worker processes', integer(1, 1024))
    .option('--db <path>', DB_HELP)
    .action((flags: Parameters<typeof demo>[1]) => demo(terminal, flags));
}

function addInspection(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('decide without serving, and show signals, rules and bids')
    .argument('<text>', "the user's message")
    .option('-c, --config <file>', 'decide by this policy file, with nothing known of the fleet')
    .option('-a, --admin <url>', 'decide by a running server', ADMIN_URL)
    .option('-m, --model <name>', 'the model that the client asks for', 'auto')
    .option('--tools <names...>', 'names of tools that the request declares')
    .option('--json', 'print JSON')
    .action((text: string, flags: Parameters<typeof explain>[2]) => explain(terminal, text, flags));
  program
    .command('decisions')
    .description('show the last decisions of a running server, or one in full')
    .argument('[id]', 'a decision: x-bourse-decision-id of an answer')
    .option('-a, --admin <url>', 'the admin API', ADMIN_URL)
    .option('-n, --limit <count>', 'how many', integer(1, 1000), 20)
    .option('--json', 'print JSON')
    .action((id: string | undefined, flags: Parameters<typeof decisions>[2]) =>
      decisions(terminal, id, flags),
    );
  program
    .command('models')
    .description('list the models of a running server')
    .option('-u, --url <url>', 'the model API', MODEL_URL)
    .option('--json', 'print JSON')
    .action((flags: Parameters<typeof models>[1]) => models(terminal, flags));
}

function addConfiguration(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .description('validate a policy file: problems by line and column, exit code 1 on an error')
    .argument('<file>', 'policy file')
    .option('--json', 'print JSON')
    .action((file: string, flags: Parameters<typeof check>[2]) => check(terminal, file, flags));
  const config = program.command('config').description('about the policy file');
  config
    .command('schema')
    .description('print its JSON Schema, for editors')
    .action(() => printSchema(terminal));
  program
    .command('hash-key')
    .description(
      'print the SHA-256 of an API key for the policy file; makes a key if none is given',
    )
    .argument('[key]', 'the key, or - to read it from standard input (arguments show in `ps`)')
    .action((key: string | undefined) => hashKey(terminal, key));
}

function addModels(program: Command, terminal: Terminal): void {
  program
    .command('eval')
    .description('score the shipped models on labelled records, trivial baselines beside')
    .addArgument(new Argument('<task>', 'what to score').choices(EVALUATION_TASKS))
    .requiredOption('-d, --data <file>', 'records: JSON Lines, plain or gzip')
    .option('-s, --support <file>', 'examples of intents, descriptions of tools')
    .addOption(
      new Option('-e, --encoder <speed>', 'which models answer').choices(SPEEDS).default('auto'),
    )
    .option('--json', 'print one JSON object')
    .action((task: EvaluationTask, flags: Parameters<typeof evaluateTask>[2]) =>
      evaluateTask(terminal, task, flags),
    );
  program
    .command('embed')
    .description('print the vector of each text as a JSON line')
    .argument('[text...]', 'texts')
    .option('-f, --file <file>', 'a text per line')
    .action((texts: string[], flags: Parameters<typeof embed>[2]) => embed(terminal, texts, flags));
  const train = program.command('train').description('learn from your own texts');
  train
    .command('intent')
    .description('judge labelled texts by cross-validation, and write them as intents of a policy')
    .argument(
      '<file>',
      'JSON Lines of {"text", "label"}; the label oos is of texts that have no intent',
    )
    .option('-o, --out <file>', 'write the definitions as YAML')
    .option('--json', 'print JSON')
    .action((file: string, flags: Parameters<typeof trainIntent>[2]) =>
      trainIntent(terminal, file, flags),
    );
}

function addMigration(program: Command, terminal: Terminal): void {
  const migration = program
    .command('import')
    .description('write the configuration of another gateway as a policy, and list what is lost');
  for (const [kind, what] of [
    ['litellm', 'a LiteLLM proxy config'],
    ['vllm-sr', 'a vLLM Semantic Router config, v0.3'],
  ] as const) {
    migration
      .command(kind)
      .description(what)
      .argument('<config>', 'its YAML file, or - for standard input')
      .option('-o, --out <file>', 'write the policy here; a file that exists is left alone')
      .option('--json', 'print {policy, notCarried} as JSON')
      .action((file: string, flags: ImportFlags) => importConfig(terminal, kind, file, flags));
  }
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max || text.trim() === '') {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
