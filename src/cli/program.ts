import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { ADMIN_URL, MODEL_URL } from './default-urls.ts';
import { EVALUATION_TASKS, SPEEDS } from '../evaluate/evaluation.ts';
import type { EvaluationTask } from '../evaluate/evaluation.ts';
import type { embed } from './embed.ts';
import type { evaluateTask } from './evaluate.ts';
import type { ImportFlags } from './import.ts';
import type { CheckFlags } from './check.ts';
import type { DiffFlags } from './diff.ts';
import type { ExplainFlags } from './explain.ts';
import type { decisions, models } from './inspect.ts';
import type { AddModelFlags } from './models.ts';
import type { demo, serve } from './serve.ts';
import type { SimulateFlags } from './simulate.ts';
import type { SuggestFlags } from './suggest-tests.ts';
import type { Terminal } from './terminal.ts';
import type { EvalCacheFlags } from './eval-cache.ts';
import type { EvalRouterFlags, TrainRouterFlags } from './router.ts';
import type { trainIntent } from './train-intent.ts';

const HELP_WIDTH = 100;
const DB_HELP = 'SQLite file that keeps the ledger, budgets and what was learned';

/** The command line. `docs/reference/cli.md` is generated from it. Each command is loaded when it is the one to run. */
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
  addSimulation(program, terminal);
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
    .action(async (flags: Parameters<typeof serve>[1]) =>
      (await import('./serve.ts')).serve(terminal, flags),
    );
  program
    .command('demo')
    .description('serve a simulated fleet: no GPU, no key, no download')
    .option('-c, --config <file>', "in place of the demo's policy, such as one of examples/")
    .option('-p, --port <port>', 'port of the model API', integer(0, 65_535))
    .option('--admin-port <port>', 'port of the admin API', integer(0, 65_535))
    .option('-w, --workers <count>', 'worker processes', integer(1, 1024))
    .option('--db <path>', DB_HELP)
    .action(async (flags: Parameters<typeof demo>[1]) =>
      (await import('./serve.ts')).demo(terminal, flags),
    );
}

function addInspection(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('decide without serving, and show signals, rules and bids')
    .argument('[text]', "the user's message")
    .option('-c, --config <file>', 'decide by this policy file, with a ready and idle fleet')
    .option('-a, --admin <url>', 'decide by a running server', ADMIN_URL)
    .option('-r, --request <file>', 'in place of a text: JSON, a body or a request; - for stdin')
    .option('-m, --model <name>', 'the model that the client asks for (default: "auto")')
    .option('--tools <names...>', 'names of tools that the request declares')
    .option('--role <name>', 'a role of the caller; may be repeated', collect)
    .option('--tenant <name>', 'the tenant of the caller')
    .option('--at <time>', 'when it arrives, such as 2026-11-21T22:30:00Z')
    .option('--assume <signal=value>', "in place of a signal's own; may be repeated", collect)
    .option('--json', 'print JSON')
    .action(async (text: string | undefined, flags: ExplainFlags) =>
      (await import('./explain.ts')).explain(terminal, text, flags),
    );
  program
    .command('decisions')
    .description('show the last decisions of a running server, or one in full')
    .argument('[id]', 'a decision: x-bourse-decision-id of an answer')
    .option('-a, --admin <url>', 'the admin API', ADMIN_URL)
    .option('-n, --limit <count>', 'how many', integer(1, 1000), 20)
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, flags: Parameters<typeof decisions>[2]) =>
      (await import('./inspect.ts')).decisions(terminal, id, flags),
    );
  const listing = program
    .command('models')
    .description('list the models of a running server')
    .option('-u, --url <url>', 'the model API', MODEL_URL)
    .option('--json', 'print JSON')
    .action(async (flags: Parameters<typeof models>[1]) =>
      (await import('./inspect.ts')).models(terminal, flags),
    );
  listing
    .command('verify')
    .description('say what a GGUF file holds, and whether it is whole')
    .argument('<file>', 'a GGUF file')
    .action(async (file: string, _flags: object, { parent }: Command) => {
      const { verifyModel } = await import('./models.ts');
      // Its --json is that of the listing: a command shares the options of those above it.
      return verifyModel(terminal, file, parent!.opts<{ json?: boolean }>());
    });
  listing
    .command('add')
    .description('put a GGUF file into a policy file, as a model with an instance of its own')
    .argument('<file>', 'a GGUF file')
    .requiredOption('-c, --config <file>', 'the policy file')
    .option('--id <name>', 'what clients call the model (default: the name of the file)')
    .action(async (file: string, flags: AddModelFlags) =>
      (await import('./models.ts')).addModel(terminal, file, flags),
    );
}

function addConfiguration(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .description(
      'validate a policy file, look for conflicts in it and run its tests; exit code 1 on an error or a test that fails',
    )
    .argument('<file>', 'policy file')
    .option('--strict', 'exit code 1 on a warning too')
    .option('--json', 'print JSON')
    .option('--sarif', 'print SARIF 2.1.0, for code scanners')
    .action(async (file: string, flags: CheckFlags) =>
      (await import('./check.ts')).check(terminal, file, flags),
    );
  program
    .command('diff')
    .description('decide the requests of a file by two policies, and show which of them change')
    .argument('<before>', 'policy file')
    .argument('<after>', 'policy file')
    .requiredOption('-r, --requests <file>', 'bodies or requests: JSON Lines, plain or gzip')
    .option('-n, --limit <count>', 'how many changes to show', integer(0, 1_000_000), 20)
    .option('--fail-on-change', 'exit code 1 when a request changes')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, flags: DiffFlags) =>
      (await import('./diff.ts')).diff(terminal, [before, after], flags),
    );
  program
    .command('suggest-tests')
    .description(
      'choose tests for a policy from what was asked: a few that cover its routes, constraints, refusals and thresholds',
    )
    .requiredOption('-c, --config <file>', 'the policy file that they are for')
    .option('-r, --requests <file>', 'from bodies or requests: JSON Lines, plain or gzip')
    .option('-a, --admin <url>', 'from the decisions of a running server, without texts', ADMIN_URL)
    .option('-n, --limit <count>', 'how many at most', integer(1, 1000), 20)
    .action(async (flags: SuggestFlags) =>
      (await import('./suggest-tests.ts')).suggestTests(terminal, flags),
    );
  const config = program.command('config').description('about the policy file');
  config
    .command('schema')
    .description('print its JSON Schema, for editors')
    .action(async () => (await import('./inspect.ts')).printSchema(terminal));
  program
    .command('hash-key')
    .description(
      'print the SHA-256 of an API key for the policy file; makes a key if none is given',
    )
    .argument('[key]', 'the key, or - to read it from standard input (arguments show in `ps`)')
    .action(async (key: string | undefined) =>
      (await import('./hash-key.ts')).hashKey(terminal, key),
    );
}

function addModels(program: Command, terminal: Terminal): void {
  program
    .command('eval')
    .description('score the shipped models on labelled records, trivial baselines beside')
    .addArgument(
      new Argument('<task>', 'what to score').choices([...EVALUATION_TASKS, 'router', 'cache']),
    )
    .requiredOption('-d, --data <file>', 'records: JSON Lines, plain or gzip')
    .option('-s, --support <file>', 'examples of intents, descriptions of tools')
    .addOption(
      new Option('-e, --encoder <speed>', 'which models answer').choices(SPEEDS).default('auto'),
    )
    .option('-m, --model <file>', 'router: what "bourse train router" has written')
    .option(
      '--pair <weak,strong>',
      'router: two models of the data; default: the cheapest, or else the weakest, and the best',
      pairOfModels,
    )
    .option(
      '--max-error <ratio>',
      'cache: of all requests, this share may be answered wrong',
      share,
    )
    .option('--seed <number>', 'cache: of the order of the requests', integer(0, 2 ** 31 - 1))
    .option('--json', 'print one JSON object')
    .action(
      async (
        task: EvaluationTask | 'router' | 'cache',
        flags: EvalRouterFlags & EvalCacheFlags & Parameters<typeof evaluateTask>[2],
      ) => {
        if (task === 'router') return (await import('./router.ts')).evalRouter(terminal, flags);
        if (task === 'cache') return (await import('./eval-cache.ts')).evalCache(terminal, flags);
        return (await import('./evaluate.ts')).evaluateTask(terminal, task, flags);
      },
    );
  program
    .command('embed')
    .description('print the vector of each text as a JSON line')
    .argument('[text...]', 'texts')
    .option('-f, --file <file>', 'a text per line')
    .action(async (texts: string[], flags: Parameters<typeof embed>[2]) =>
      (await import('./embed.ts')).embed(terminal, texts, flags),
    );
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
    .action(async (file: string, flags: Parameters<typeof trainIntent>[2]) =>
      (await import('./train-intent.ts')).trainIntent(terminal, file, flags),
    );
  train
    .command('router')
    .description('learn what each model makes of a prompt, from tables of outcomes')
    .requiredOption(
      '-d, --data <file...>',
      'JSON Lines of {"prompt", "correct": {model: 0–1}}, with "cost" and "out_chars" where known',
    )
    .requiredOption('-o, --out <file>', 'where to write the router')
    .option('--seed <number>', 'of the folds', integer(0, 2 ** 31 - 1), 1)
    .option('--json', 'print JSON')
    .action(async (flags: TrainRouterFlags) =>
      (await import('./router.ts')).trainRouterFile(terminal, flags),
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
      .action(async (file: string, flags: ImportFlags) =>
        (await import('./import.ts')).importConfig(terminal, kind, file, flags),
      );
  }
}

function addSimulation(program: Command, terminal: Terminal): void {
  program
    .command('simulate')
    .description(
      'run routers before a simulated fleet in virtual time, and compare what comes of it',
    )
    .requiredOption('-f, --fleet <file>', 'the fleet: YAML')
    .requiredOption(
      '-t, --trace <file>',
      "requests: Azure's CSV or Mooncake's JSON Lines, plain or gzip, or a mix of clients (YAML)",
    )
    .option(
      '-r, --router <names>',
      'bourse, bourse:MODE, either with +queue, or baselines',
      'bourse,round-robin',
    )
    .option('--load <percents>', "of the fleet's measured capacity, such as 60,80,95", '80')
    .option(
      '-n, --requests <count>',
      'requests of one run (default: all)',
      integer(100, 10_000_000),
    )
    .option('--seeds <count>', 'repeats', integer(1, 1000), 3)
    .option('--seed <number>', 'the first seed', integer(0, 1_000_000_000), 1)
    .option('--html <file>', 'write a page with plots')
    .option('--json', 'print JSON')
    .action(async (flags: SimulateFlags) =>
      (await import('./simulate.ts')).simulate(terminal, flags),
    );
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

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 0.5)) throw new InvalidArgumentError('It must be between 0 and 0.5.');
  return value;
}

function pairOfModels(text: string): readonly [string, string] {
  const [weak, strong, ...rest] = text.split(',').map((id) => id.trim());
  if (!weak || !strong || rest.length > 0) {
    throw new InvalidArgumentError(
      'It must be two ids of models, such as small-model,large-model.',
    );
  }
  return [weak, strong];
}

/** For an option that may be repeated. */
const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];
