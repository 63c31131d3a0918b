import type { Reasons } from '../foreign/not-carried.ts';

const NO_CACHE = 'the policy has no cache of answers';
const NO_PARAMETER = "Bourse sends the client's parameters as they are";
const NO_RATE =
  'there is no ceiling per instance: tenants have requestsPerMinute, budgets have tokens';
const NO_CALLBACK =
  'there are no callbacks: /metrics, the decision log and the ledger have the figures';
const NO_DATABASE = 'Bourse keeps its state in the SQLite file of store.path';
const NO_REDIS = 'workers share their state without Redis';
const OF_ALL = 'it is of all instances in Bourse: set it under attempts or in a route';

/** Why keys of a LiteLLM configuration have no place in a policy. */
export const LITELLM_REASONS: Reasons = {
  'model_list[].litellm_params': NO_PARAMETER,
  'model_list[].litellm_params.rpm': NO_RATE,
  'model_list[].litellm_params.tpm': NO_RATE,
  'model_list[].rpm': NO_RATE,
  'model_list[].tpm': NO_RATE,
  'model_list[].litellm_params.weight': 'instances bid: they have no weights',
  'model_list[].litellm_params.order': 'instances bid: they have no order',
  'model_list[].litellm_params.timeout': OF_ALL,
  'model_list[].litellm_params.stream_timeout': OF_ALL,
  'model_list[].litellm_params.max_retries': OF_ALL,
  'model_list[].litellm_params.num_retries': OF_ALL,
  'model_list[].litellm_params.tags':
    'requests have no tags: write labels on the instance, and a constraint',
  'model_list[].litellm_params.region_name': 'write it as a label of the instance',
  'model_list[].litellm_params.api_version':
    'write it as `options: { apiVersion: … }` of the instance',
  'model_list[].litellm_params.organization': 'the engine sends no such header',
  'model_list[].litellm_params.extra_headers': 'instances have no headers of their own',
  'model_list[].litellm_params.mock_response': 'answers are never made up: `bourse demo` simulates',
  'model_list[].model_info': 'the policy has no such fact of a model',
  'model_list[].model_info.base_model':
    'there is no built-in price list: write the price in the policy',
  'model_list[].model_info.access_groups':
    'keys have roles: write a constraint on role, with forbid or require of model',
  'router_settings.model_group_alias': 'a model has one name: add a model with the other',
  'router_settings.retry_after': 'a retry goes to another instance at once',
  'router_settings.retry_policy': 'attempts do not differ by the kind of error',
  'router_settings.allowed_fails_policy': 'the breaker does not differ by the kind of error',
  'router_settings.content_policy_fallbacks':
    'a refusal by a model is an answer: it is not tried elsewhere',
  'router_settings.redis_host': NO_REDIS,
  'router_settings.redis_port': NO_REDIS,
  'router_settings.redis_password': NO_REDIS,
  'router_settings.redis_url': NO_REDIS,
  'router_settings.enable_pre_call_checks':
    'it is always so: a model whose window the prompt exceeds gets no bid',
  'router_settings.set_verbose': 'see log.level',
  'router_settings.provider_budget_config': 'budgets are of tenants, keys, users and routes',
  'router_settings.cache_responses': NO_CACHE,
  'litellm_settings.drop_params': NO_PARAMETER,
  'litellm_settings.modify_params': NO_PARAMETER,
  'litellm_settings.content_policy_fallbacks':
    'a refusal by a model is an answer: it is not tried elsewhere',
  'litellm_settings.cache': NO_CACHE,
  'litellm_settings.cache_params': NO_CACHE,
  'litellm_settings.callbacks': NO_CALLBACK,
  'litellm_settings.success_callback': NO_CALLBACK,
  'litellm_settings.failure_callback': NO_CALLBACK,
  'litellm_settings.service_callbacks': NO_CALLBACK,
  'litellm_settings.set_verbose': 'see log.level',
  'litellm_settings.json_logs': 'logs are always JSON',
  'litellm_settings.turn_off_message_logging': 'it is always so: no text of a client is kept',
  'litellm_settings.redact_user_api_key_info': 'it is always so: no key is kept',
  'general_settings.database_url': NO_DATABASE,
  'general_settings.database_connection_pool_limit': NO_DATABASE,
  'general_settings.store_model_in_db': 'models are in the policy, and in the admin overlay',
  'general_settings.alerting': NO_CALLBACK,
  'general_settings.alerting_threshold': NO_CALLBACK,
  'general_settings.max_parallel_requests': 'set maxRunning of each instance',
  'general_settings.ui_access_mode': 'there is no such interface',
  'general_settings.disable_spend_logs': 'the ledger is written where store.path is set',
  general_settings: 'the policy has no such setting',
  router_settings: 'the policy has no such setting',
  litellm_settings: 'the policy has no such setting',
  environment_variables: 'a policy sets no variables: export them',
  guardrails: 'write constraints: conditions on jailbreak and pii are built in',
  mcp_servers: 'Bourse is no MCP gateway',
  include: 'import those files too, and join the policies',
};
