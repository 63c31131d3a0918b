import type { Claim, Signal, SignalSlot } from '../../contract/index.ts';
import { allOf, anyOf, holds, not } from '../claims.ts';
import { choiceText, choicesOf, holdsAny, oneOrMany } from '../shape.ts';

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
      test: (reading) => holdsAny(reading.value as readonly string[], wanted),
      text: choiceText('modality', wanted),
      claim: anyOf(wanted.map(claimOf)),
    };
  },
};

const IMAGE = holds('modality image', { listed: 'image' });
const AUDIO = holds('modality audio', { listed: 'audio' });

function claimOf(modality: string): Claim {
  if (modality === 'image') return IMAGE;
  return modality === 'audio' ? AUDIO : allOf([not(IMAGE), not(AUDIO)]);
}
