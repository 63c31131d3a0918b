import { KernelFloats, paddedLength } from './kernels/kernel-memory.ts';
import { ROWS_TOGETHER, weightPlace } from './kernels/kernels.ts';
import type { KernelMemory } from './kernels/kernel-memory.ts';
import type { TensorFile } from './safetensors.ts';

interface Layer {
  /** In the kernel's memory and order, rows and columns padded with zeros. */
  readonly weights: number;
  readonly weightsEnd: number;
  readonly inputs: number;
  readonly biases: Float32Array;
  readonly outputs: KernelFloats;
}

/**
 * Dense layers with ReLU between them. The standardisation of the input, (x − mean) / deviation, is
 * folded into the first layer when it is read.
 */
export class DenseLayers {
  /** What `run` reads. */
  readonly input: KernelFloats;
  readonly #memory: KernelMemory;
  readonly #layers: Layer[] = [];

  /** `sizes`: of the input, of each hidden layer, of the output. */
  constructor(tensors: TensorFile, sizes: readonly number[], memory: KernelMemory) {
    this.#memory = memory;
    this.input = new KernelFloats(memory, sizes[0]!);
    for (let i = 0; i < sizes.length - 1; i++) this.#read(tensors, sizes, i);
  }

  /** The logits; the array is used again by the next call. */
  run(): Float32Array {
    let { input } = this;
    for (let i = 0; i < this.#layers.length; i++) {
      const { weights, weightsEnd, inputs, biases, outputs } = this.#layers[i]!;
      this.#memory.kernels.multiplyOrdered(weights, weightsEnd, input.place, inputs, outputs.place);
      const values = outputs.view;
      const isLast = i === this.#layers.length - 1;
      for (let row = 0; row < values.length; row++) {
        const value = values[row]! + biases[row]!;
        values[row] = value < 0 && !isLast ? 0 : value;
      }
      input = outputs;
    }
    return input.view;
  }

  #read(tensors: TensorFile, sizes: readonly number[], i: number): void {
    const [inputs, outputs] = [sizes[i]!, sizes[i + 1]!];
    const weights = tensors.floats(`dense${i}_weight`, [outputs, inputs]);
    const biases = tensors.floats(`dense${i}_bias`, [outputs]);
    if (i === 0) standardise(tensors, weights, biases);
    const length = paddedLength(inputs);
    const rows = Math.ceil(outputs / ROWS_TOGETHER) * ROWS_TOGETHER;
    const bytes = 4 * length * rows;
    const place = this.#memory.allocate(bytes);
    const target = this.#memory.floats(place, length * rows);
    for (let at = 0; at < weights.length; at++) {
      target[weightPlace(Math.floor(at / inputs), at % inputs, length)] = weights[at]!;
    }
    this.#layers.push({
      weights: place,
      weightsEnd: place + bytes,
      inputs: length,
      biases,
      outputs: new KernelFloats(this.#memory, outputs),
    });
  }
}

function standardise(tensors: TensorFile, weights: Float32Array, biases: Float32Array): void {
  const inputs = weights.length / biases.length;
  const mean = tensors.floats('mean', [inputs]);
  const deviation = tensors.floats('deviation', [inputs]);
  if (deviation.some((value) => value <= 0)) {
    throw tensors.fault('"deviation" must be above zero');
  }
  for (let row = 0; row < biases.length; row++) {
    let shift = 0;
    for (let i = 0; i < inputs; i++) {
      const weight = weights[row * inputs + i]! / deviation[i]!;
      weights[row * inputs + i] = weight;
      shift += weight * mean[i]!;
    }
    biases[row]! -= shift;
  }
}
