import type { ModelId } from '../kernel/index.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import { createCounters } from './counters.ts';
import { METRICS } from './metrics-catalogue.ts';
import { MetricSums } from './metric-sums.ts';
import { parseSeriesKey, seriesKey } from './series-key.ts';

describe('metrics', () => {
  test('a series key gives back its labels, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', '\\', '\n', '}', ',', '=', 'é', 'n') }),
        fc.string(),
        (one, two) => {
          const labels = { one, two };
          expect(parseSeriesKey(seriesKey('bourse_x', labels))).toEqual({
            name: 'bourse_x',
            labels,
          });
        },
      ),
    );
  });

  test('what several models used is counted with each', async () => {
    const sums = new MetricSums();
    const outcome = outcomeNamed('d-0-1');
    const [attempt] = outcome.attempts;
    const share = (model: string, outputTokens: number) => ({
      role: 'step' as const,
      model: model as ModelId,
      usage: { promptTokens: 1, cachedTokens: 0, outputTokens, isEstimated: false },
      costPicoUsd: 1e12,
      energyMicrojoules: 0,
      confidence: null,
    });
    const attempts = [
      { ...attempt!, share: share('small', 3) },
      { ...attempt!, share: share('m', 4) },
    ];
    sums.addOutcome({ ...outcome, attempts });
    const text = await sums.render(new Map());
    expect(text).toContain('bourse_tokens_total{model="small",kind="output"} 3\n');
    expect(text).toContain('bourse_tokens_total{model="m",kind="output"} 4\n');
    expect(text).toContain('bourse_cost_usd_total{model="small"} 1\n');
  });

  test('outcomes become counters and histograms in the text format', async () => {
    const sums = new MetricSums();
    sums.addOutcome(outcomeNamed('d-0-1', { route: 'a"b\\c\nd' }));
    sums.addOutcome(outcomeNamed('d-0-2', { status: 'failed', model: null, attempts: [] }));
    const text = await sums.render(
      new Map([[METRICS.instanceRunning.name, [{ labels: { instance: 'a' }, value: 3 }]]]),
    );
    const lines = text.split('\n');
    for (const line of [
      '# TYPE bourse_requests_total counter',
      'bourse_requests_total{surface="chat",route="a\\"b\\\\c\\nd",model="m",status="ok"} 1',
      'bourse_requests_total{surface="chat",route="default",model="none",status="failed"} 1',
      'bourse_attempts_total{instance="a",result="ok"} 1',
      'bourse_tokens_total{model="m",kind="prompt"} 100',
      'bourse_tokens_total{model="m",kind="cached"} 10',
      'bourse_tokens_total{model="m",kind="output"} 50',
      'bourse_cost_usd_total{model="m"} 0.000001000003',
      '# TYPE bourse_ttft_seconds histogram',
      'bourse_ttft_seconds_bucket{model="m",le="0.01"} 0',
      'bourse_ttft_seconds_bucket{model="m",le="0.025"} 1',
      'bourse_ttft_seconds_bucket{model="m",le="+Inf"} 1',
      'bourse_ttft_seconds_count{model="m"} 1',
      'bourse_instance_running_requests{instance="a"} 3',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test("workers' counters add up, and each is counted once", async () => {
    const sums = new MetricSums();
    const workers = [createCounters(), createCounters()];
    for (const counters of workers) {
      counters.stage('policy', 30);
      counters.stage('policy', 2_000_000);
    }
    for (const counters of [...workers, ...workers]) sums.addDelta(counters.drain());
    const text = await sums.render(new Map());
    expect(text).toContain('bourse_stage_seconds_bucket{stage="policy",le="0.00005"} 2');
    expect(text).toContain('bourse_stage_seconds_bucket{stage="policy",le="1"} 2');
    expect(text).toContain('bourse_stage_seconds_count{stage="policy"} 4');
    expect(text).toContain('bourse_stage_seconds_sum{stage="policy"} 4.00006');
  });

  test('series are bounded: what comes past the cap counts as other', async () => {
    const counters = createCounters();
    for (let i = 0; i < 1_000; i++) counters.stage(`stage ${i}`, 1);
    expect(counters.drain().histograms.length).toBeLessThanOrEqual(65);
    const sums = new MetricSums();
    for (let i = 0; i < 3_000; i++) sums.count(METRICS.refusals, { reason: `r${i}` });
    const text = await sums.render(new Map());
    expect(
      text.split('\n').filter((line) => line.startsWith('bourse_refusals_total{')),
    ).toHaveLength(2_001);
    expect(text).toContain('bourse_refusals_total{reason="other"} 1000');
  });

  test('every metric has a name of its own, a help text, and buckets exactly where it is a histogram', () => {
    const entries = Object.values(METRICS);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    for (const entry of entries) {
      expect(entry.name).toMatch(/^bourse_[a-z_]+$/);
      expect(entry.help).not.toBe('');
      expect('buckets' in entry && entry.buckets !== undefined).toBe(entry.type === 'histogram');
    }
  });
});
