import {
  axisOf,
  countOf,
  floatAttribute,
  intAttribute,
  type KernelFactory,
  need,
  unsupported,
} from "./kernel.ts";

const layerNormalization: KernelFactory = (node) => {
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const axis = intAttribute(node, "axis", -1);
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const scale = need(inputs, 1).data;
    const bias = inputs[2]?.data;
    const n = countOf(x.shape.slice(axisOf(axis, x.shape.length)));
    if (scale.length !== n || (bias !== undefined && bias.length !== n))
      return unsupported(`layer normalisation must have ${n} scales: current value is ${scale.length}`);
    const y = allocate(x.dtype, x.shape);
    for (let row = 0; row < x.data.length; row += n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += x.data[row + i]!;
      const mean = sum / n;
      let squares = 0;
      for (let i = 0; i < n; i++) squares += (x.data[row + i]! - mean) ** 2;
      const inverse = 1 / Math.sqrt(squares / n + epsilon);
      for (let i = 0; i < n; i++)
        y.data[row + i] = (x.data[row + i]! - mean) * inverse * scale[i]! + (bias?.[i] ?? 0);
    }
    return y;
  };
};

/** y = (x - mean_c) / √(variance_c + ε) · scale_c + bias_c with fixed statistics of each channel c, the second axis. */
const batchNormalization: KernelFactory = (node) => {
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  if (intAttribute(node, "training_mode", 0) !== 0)
    return unsupported("batch normalisation must be exported for inference");
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((place) => need(inputs, place).data) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const channels = x.shape[1] ?? 1;
    if ([scale, bias, mean, variance].some(({ length }) => length !== channels))
      return unsupported(`batch normalisation must have statistics of ${channels} channels`);
    const inner = countOf(x.shape.slice(2));
    const y = allocate(x.dtype, x.shape);
    for (let i = 0; i < y.data.length; i++) {
      const c = Math.floor(i / inner) % channels;
      y.data[i] = ((x.data[i]! - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * scale[c]! + bias[c]!;
    }
    return y;
  };
};

/** x / ‖x‖ along an axis, of order 1 or 2; zeros stay zeros. */
const lpNormalization: KernelFactory = (node) => {
  const axis = intAttribute(node, "axis", -1);
  const order = intAttribute(node, "p", 2);
  if (order !== 1 && order !== 2) return unsupported(`a norm must be of order 1 or 2: ${order}`);
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const at = axisOf(axis, x.shape.length);
    const n = x.shape[at]!;
    const step = countOf(x.shape.slice(at + 1));
    const y = allocate(x.dtype, x.shape);
    for (let line = 0; line < x.data.length / Math.max(1, n); line++) {
      const start = Math.floor(line / step) * n * step + (line % step);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const value = x.data[start + i * step]!;
        sum += order === 1 ? Math.abs(value) : value * value;
      }
      const norm = order === 1 ? sum : Math.sqrt(sum);
      for (let i = 0; i < n; i++)
        y.data[start + i * step] = norm === 0 ? 0 : x.data[start + i * step]! / norm;
    }
    return y;
  };
};

/** Kernels of what normalises. */
export const normalisationKernels: Readonly<Record<string, KernelFactory>> = {
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  LpNormalization: lpNormalization,
};
