import type { Signal, SignalSlot } from '../../contract/index.ts';
import { choicesOf, choiceText, oneOrMany } from '../shape.ts';

const MODALITIES = ['text', 'image', 'audio'];
const TEXT_ONLY = { value: ['text'], confidence: 1 };

const SLOT: SignalSlot = {
  key: 'modality',
  kind: 'modality',
  cost: 'scan',
  read(workload) {
    const found = workload.modality();
    if (!found.image && !found.audio) return TEXT_ONLY;
    const value: string[] = [];
    if (found.image) value.push('image');
    if (found.audio) value.push('audio');
    return { value, confidence: 1 };
  },
};

/** `modality: image` or a list of which one is enough. `text` means text only. */
export const modalitySignal: Signal = {
  apiVersion: 1,
  kind: 'modality',
  definitionSchema: null,
  conditionSchema: {
    description:
      'What the messages carry: image, audio, or text (neither of the two); of a list, one is enough.',
    ...oneOrMany({ type: 'string', enum: MODALITIES }),
  },
  compile(condition) {
    const wanted = choicesOf(condition, MODALITIES);
    return {
      slot: SLOT,
      test: (reading) => wanted.some((kind) => (reading.value as readonly string[]).includes(kind)),
      text: choiceText('modality', wanted),
    };
  },
};
