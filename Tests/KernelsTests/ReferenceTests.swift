import CDistillKernels
import Foundation
import Testing

/// Every variant against what PyTorch 2 says in float64, and against the derivative that its own forward pass implies.
@Suite struct ReferenceTests {
  private func expect(
    _ actual: [Float], _ expected: [Double], within tolerance: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let close = zip(actual, expected).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
    #expect(close && actual.count == expected.count, "\(actual), not \(expected)", sourceLocation: sourceLocation)
  }

  /// `F.gelu(x, approximate=...)` and its gradient
  @Test(arguments: Variant.all) func gelu(_ variant: Variant) {
    let k = variant.kernels
    let x: [Float] = [-3, -1, -0.25, 0, 0.5, 2]
    let ones = [Float](repeating: 1, count: 6)
    var out = x
    k.bias_gelu(&out, nil, x, nil, 1, 6)
    expect(out, [-0.0040496941, -0.1586552539, -0.1003234186, 0, 0.3457312306, 1.9544997361])
    k.gelu_backward(&out, x, ones, 6)
    expect(out, [-0.0119456472, -0.0833154706, 0.3046266451, 0.5, 0.8674951247, 1.0852318011])
    k.bias_gelu_tanh(&out, nil, x, nil, 1, 6)
    expect(out, [-0.0036373921, -0.1588080094, -0.1003246493, 0, 0.3457140098, 1.9545976941])
    k.gelu_tanh_backward(&out, x, ones, 6)
    expect(out, [-0.0115841666, -0.0829640638, 0.3046459048, 0.5, 0.8673699035, 1.0860992566])
    // The bias comes before the activation, and what it gives is kept for the backward pass.
    var pre = [Float](repeating: 0, count: 4)
    k.bias_gelu(&out, &pre, [-4, 1, -1.25, 0], [1, -0.5], 2, 2)
    expect(pre, [-3, 0.5, -0.25, -0.5])
    expect(Array(out[..<3]), [-0.0040496941, 0.3457312306, -0.1003234186])
  }

  /// `F.layer_norm(x, (4,), weight, bias, 1e-5)`, `y.backward(dy)`
  @Test(arguments: Variant.all) func layerNorm(_ variant: Variant) {
    let k = variant.kernels
    let gamma: [Float] = [1, 0.5, -1, 2]
    let dy: [Float] = [1, -2, 0.5, 3]
    var out = [Float](repeating: 0, count: 4)
    var normalised = out
    var statistics: [Float] = [0, 0]
    // [1, 2, 4, -1] in three parts
    k.residual_layer_norm(
      &out, &normalised, &statistics, [0, 1, 3, -2], [2, 1, 1, 0], [-1, 0, 0, 1], gamma, [0, 1, 0, -1], 1e-5, 1, 4)
    expect(out, [-0.2773496714, 1.1386748357, -1.3867483571, -3.7734967142])
    var dgamma: [Float] = [1, 1, 1, 1]
    var dbeta: [Float] = [0, 0, 0, 1]
    k.layer_norm_backward(&out, &dgamma, &dbeta, normalised, statistics, gamma, dy, 1, 4)
    expect(out, [-0.5760328006, -0.9493903922, 0.8000414672, 0.7253817256])
    expect(dgamma, [0.7226503286, 0.4453006572, 1.6933741786, -3.1602450713])
    expect(dbeta, [1, -2, 0.5, 4])
  }

  /// `F.softmax(0.5 * x, 0)`, `F.log_softmax(0.5 * x, 0)`, `F.normalize(x, dim=0)` and `torch.autograd.grad(y, x, dy)`
  @Test(arguments: Variant.all) func rows(_ variant: Variant) {
    let k = variant.kernels
    let x: [Float] = [1, 2, 4, -1]
    let dy: [Float] = [1, -2, 0.5, 3]
    var y = x
    var dx = x
    var norm: [Float] = [0]
    k.softmax_rows(&y, x, 0.5, 1, 4, 4)
    expect(y, [0.1333637441, 0.2198796417, 0.5976948345, 0.0490617797])
    k.softmax_backward_rows(&dx, y, dy, 0.5, 1, 4, 4)
    expect(dx, [0.0573706010, -0.2352313323, 0.1076934870, 0.0701672443])
    k.log_softmax_rows(&y, x, 0.5, 1, 4, 4)
    expect(y, [-2.0146749655, -1.5146749655, -0.5146749655, -3.0146749655])
    k.log_softmax_backward_rows(&dx, y, dy, 0.5, 1, 4, 4)
    expect(dx, [0.3332953198, -1.2748495521, -0.4971185431, 1.4386727754])
    k.l2_normalise_rows(&y, &norm, x, 1e-12, 1, 4)
    expect(y, [0.2132007164, 0.4264014327, 0.8528028654, -0.2132007164])
    k.l2_normalise_backward_rows(&dx, y, norm, dy, 1e-12, 1, 4)
    expect(dx, [0.2519644830, -0.3488738995, 0.2616554246, 0.6008383825])
    // F.kl_div(F.log_softmax(tensor([.5, 1, -1]), 0), tensor([.2, .8, 0]), reduction='sum')
    k.log_softmax_rows(&y, [0.5, 1, -1], 1, 1, 3, 3)
    k.kl_rows(&norm, [0.2, 0.8, 0], y, 1, 3)
    expect(norm, [0.1545544961])
  }

  /// `torch.optim.AdamW([p], lr=.01, betas=(.9, .99), eps=1e-6, weight_decay=.1)`, three steps
  @Test(arguments: Variant.all) func adamw(_ variant: Variant) {
    var p: [Float] = [1, -0.5, 0.25]
    var m: [Float] = [0, 0, 0]
    var v: [Float] = [0, 0, 0]
    for step: Float in [1, 2, 3] {
      let gradient: [Float] = [0.3, -2, 0.001].map { $0 * step * 4 }  // quartered by the scale
      variant.kernels.adamw(
        &p, gradient, &m, &v, 3, 0.01, 0.9, 0.99, 1e-6, 0.999, 1 - pow(0.9, step), 1 - pow(0.99, step), 0.25)
    }
    expect(p, [0.9678386068, -0.4693370493, 0.2201067449])
  }

  /// Central differences with h = 2⁻⁶: they err by h²/6 · |f‴| < 1e-4 and by the rounding of f, 6e-8 / h = 4e-6.
  @Test(arguments: Variant.all) func slopesMatchDifferences(_ variant: Variant) {
    let k = variant.kernels
    let h: Float = 1 / 64
    let x = (-300...300).map { Float($0) / 50 }
    let n = x.count
    let below = x.map { $0 - h }
    let above = x.map { $0 + h }
    let ones = [Float](repeating: 1, count: n)
    var low = x
    var high = x
    var slope = x
    func check(_ name: String) {
      let differences = zip(low, high).map { Double($1 - $0) / Double(2 * h) }
      let worst = zip(slope, differences).map { abs(Double($0) - $1) }.max() ?? 1
      #expect(worst < 2e-4, "\(name)")
    }
    k.bias_gelu(&low, nil, below, nil, 1, n)
    k.bias_gelu(&high, nil, above, nil, 1, n)
    k.gelu_backward(&slope, x, ones, n)
    check("gelu")
    k.bias_gelu_tanh(&low, nil, below, nil, 1, n)
    k.bias_gelu_tanh(&high, nil, above, nil, 1, n)
    k.gelu_tanh_backward(&slope, x, ones, n)
    check("gelu_tanh")
    k.tanh(&low, below, n)
    k.tanh(&high, above, n)
    var y = x
    k.bias_tanh(&y, x, nil, 1, n)
    k.tanh_backward(&slope, y, ones, n)
    check("tanh")
  }

  /// Plain calls libm in float; Foundation here in Double.
  @Test(arguments: Variant.all) func elementaryFunctions(_ variant: Variant) {
    let k = variant.kernels
    let x = (1...500).map { Float($0) / 37 }
    var out = x
    k.exp(&out, x, x.count)
    expect(out, x.map { exp(Double($0)) }, within: 2.4e-7)
    k.log(&out, x, x.count)
    expect(out, x.map { log(Double($0)) }, within: 2.4e-7)
    k.tanh(&out, x, x.count)
    expect(out, x.map { tanh(Double($0)) }, within: 2.4e-7)
  }
}
