import type {
  Classification,
  Classifier,
  Encoder,
  SpanTagger,
  TextSpan,
} from '../../contract/index.ts';
import { typeOfTag } from '../../encoder/index.ts';
import type { DeepHead, DeepSentence } from '../../encoder/index.ts';
import type { ModelThread } from './model-thread.ts';
import type { OnnxQuestion } from './onnx-thread.ts';

/** Of a long list, so many texts wait in the thread's queue: a request's own text waits behind few. */
const TEXTS_AT_ONCE = 16;

const ask = (thread: ModelThread, question: OnnxQuestion): Promise<unknown> => thread.ask(question);

export function threadEncoder(
  thread: ModelThread,
  sentence: DeepSentence,
  named: { readonly name: string; readonly dimensions: number },
): Encoder {
  const { dimensions } = named;
  return {
    apiVersion: 1,
    ...named,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * dimensions);
      for (let start = 0; start < texts.length; start += TEXTS_AT_ONCE) {
        const some = texts.slice(start, start + TEXTS_AT_ONCE);
        const found = await Promise.all(
          some.map((text) => ask(thread, { kind: 'embed', sentence, text })),
        );
        found.forEach((vector, i) => {
          if (vector !== null) vectors.set(vector as Float32Array, (start + i) * dimensions);
        });
      }
      return vectors;
    },
  };
}

export function threadClassifier(thread: ModelThread, name: string, head: DeepHead): Classifier {
  return {
    labels: head.labels,
    threshold: head.threshold,
    classify: (text) =>
      ask(thread, { kind: 'classify', name, head, text }) as Promise<Classification>,
  };
}

export function threadTagger(thread: ModelThread, name: string, head: DeepHead): SpanTagger {
  const types = new Set(head.labels.map(typeOfTag).filter((type) => type !== null));
  return {
    types: [...types],
    tag: (text) => ask(thread, { kind: 'tag', name, head, text }) as Promise<readonly TextSpan[]>,
  };
}
