import { binary, erf, unary } from "./elementwise-kernels.ts";
import { floatAttribute, type KernelFactory, need, stringAttribute, unsupported } from "./kernel.ts";

/** f with the two numbers that a node's attributes give, or their defaults. */
function shaped(
  defaults: { readonly alpha: number; readonly beta?: number; readonly gamma?: number },
  f: (x: number, alpha: number, second: number) => number,
): KernelFactory {
  return (node) => {
    const alpha = floatAttribute(node, "alpha", defaults.alpha);
    const name = defaults.gamma === undefined ? "beta" : "gamma";
    const second = floatAttribute(node, name, defaults.gamma ?? defaults.beta ?? 0);
    return unary((x) => f(x, alpha, second))(node);
  };
}

// x Φ(x), exactly or by tanh: Hendrycks & Gimpel 2016, section 2.
const gelu: KernelFactory = (node) => {
  const approximate = stringAttribute(node, "approximate", "none");
  const root = Math.sqrt(2 / Math.PI);
  if (approximate === "none") return unary((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)))(node);
  if (approximate === "tanh")
    return unary((x) => 0.5 * x * (1 + Math.tanh(root * (x + 0.044715 * x ** 3))))(node);
  return unsupported(`a Gelu must be exact or by tanh: ${approximate}`);
};

/** Limits are numbers that may be left out. */
const clip: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const low = inputs[1]?.data[0] ?? Number.NEGATIVE_INFINITY;
  const high = inputs[2]?.data[0] ?? Number.POSITIVE_INFINITY;
  const y = allocate(x.dtype, x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = Math.min(high, Math.max(low, x.data[i]!));
  return y;
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Kernels of activations, most of which only other frameworks write. */
export const activationKernels: Readonly<Record<string, KernelFactory>> = {
  Gelu: gelu,
  Clip: clip,
  HardSigmoid: shaped({ alpha: 0.2, beta: 0.5 }, (x, alpha, beta) =>
    Math.max(0, Math.min(1, alpha * x + beta)),
  ),
  HardSwish: unary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  LeakyRelu: shaped({ alpha: 0.01 }, (x, alpha) => (x < 0 ? alpha * x : x)),
  PRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Elu: shaped({ alpha: 1 }, (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x)),
  Celu: shaped({ alpha: 1 }, (x, alpha) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))),
  // Klambauer et al. 2017, equation 2.
  Selu: shaped({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }, (x, alpha, gamma) =>
    x > 0 ? gamma * x : gamma * alpha * Math.expm1(x),
  ),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Mish: unary((x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))),
  Swish: shaped({ alpha: 1 }, (x, alpha) => x * sigmoid(alpha * x)),
};
