#!/usr/bin/env bash
# Installs what the integrations need and runs them; $1 is the folder for the report.
set -euo pipefail
report=$1
npm ci
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! command -v nginx > /dev/null; then
  (apt-get update -qq && apt-get install -y -qq nginx-light) > /dev/null 2>&1 || echo "nginx is not to be had: its test is skipped"
fi
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  command -v redis-server > /dev/null || (apt-get update -qq && apt-get install -y -qq redis-server) > /dev/null 2>&1 \
    || echo "redis-server is not to be had: its tests are skipped"
  [ -d /usr/lib/postgresql ] || (apt-get update -qq && apt-get install -y -qq postgresql) > /dev/null 2>&1 \
    || echo "PostgreSQL is not to be had: its tests are skipped"
fi
if command -v python3 > /dev/null; then
  python3 -m venv "$report/python" && "$report/python/bin/pip" install -q openai==3.52.0 \
    && export BOURSE_PYTHON="$report/python/bin/python" || echo "the Python client is not to be had: its test is skipped"
fi
npm test -- --reporter=default --reporter=json --outputFile.json="$report/report-integrations.json"
