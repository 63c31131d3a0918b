import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { beganCall, callArguments, deltaEvent, endEvents, wholeAnswer } from './answer-bytes.ts';
import type { AnswerHead, Delta, ToldCall } from './answer-bytes.ts';
import type { LocalRequest } from './ask-body.ts';
import type { LocalAnswer, LocalPiece } from './local-model.ts';

/** Writes one answer as its pieces come: at its end, or where a stream is asked for, at once. */
export class AnswerWriter {
  readonly #response: ServerResponse;
  readonly #request: LocalRequest;
  readonly #head: AnswerHead;
  readonly #calls: ToldCall[] = [];
  #text = '';
  #thought = '';

  constructor(response: ServerResponse, request: LocalRequest, nowMs: number) {
    this.#response = response;
    this.#request = request;
    this.#head = {
      id: idOf('chatcmpl-'),
      createdSeconds: Math.floor(nowMs / 1000),
      model: request.model,
    };
  }

  add(piece: LocalPiece): void {
    if (piece.kind === 'text') {
      this.#text += piece.text;
      this.#stream({ content: piece.text });
    } else if (piece.kind === 'thought') {
      this.#thought += piece.text;
      this.#stream({ reasoning_content: piece.text });
    } else if (piece.kind === 'call') {
      const call = { id: idOf('call_'), name: piece.name, arguments: '' };
      const index = this.#calls.push(call) - 1;
      this.#stream(beganCall(index, call));
    } else {
      const index = this.#calls.length - 1;
      this.#calls[index]!.arguments += piece.text;
      this.#stream(callArguments(index, piece.text));
    }
  }

  end(answer: LocalAnswer): void {
    const response = this.#response;
    if (this.#request.isStream) {
      this.#begin();
      response.end(endEvents(this.#head, answer, this.#request.wantsUsage));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    const said = { text: this.#text, thought: this.#thought, calls: this.#calls };
    response.end(wholeAnswer(this.#head, said, answer));
  }

  #stream(delta: Delta): void {
    if (!this.#request.isStream) return;
    this.#begin();
    this.#response.write(deltaEvent(this.#head, delta));
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
    });
    this.#response.write(deltaEvent(this.#head, { role: 'assistant', content: '' }));
  }
}

const idOf = (prefix: string): string => prefix + randomBytes(12).toString('hex');
