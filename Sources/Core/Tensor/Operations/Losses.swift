import Foundation

/// Returns the mean over rows of KL(p ‖ q) = Σⱼ pⱼ (ln pⱼ − ln qⱼ), in nats: p [R, C], ln q [R, C] → scalar.
///
/// The second argument is the logarithm of q. ∂/∂ln q = −p/R; ∂/∂p = (ln p + 1 − ln q)/R. For p = 0 the term and its slope are 0.
public func klDivergence(_ p: Tensor, logProbabilities q: Tensor) -> Tensor {
  precondition(p.shape == q.shape && p.shape.rank >= 1, "KL divergence of \(p.shape) from \(q.shape)")
  let (rows, columns) = (p.shape.rows, p.shape.columns)
  precondition(rows > 0, "KL divergence of no rows")
  return Tensor.record([], from: [p, q]) { out in
    let perRow = Storage(count: rows)
    p.forRows { offset, rows in
      kernels.kl_rows(perRow.pointer + offset / columns, p.pointer + offset, q.pointer + offset, rows, columns)
    }
    out.pointee = Float(kernels.sum(perRow.pointer, rows) / Double(rows))
  } backward: { dy in
    let share = dy.pointee / Float(rows)
    q.node?.accumulate(p.pointer, scale: -share)
    guard let node = p.node else { return }
    let slope = p.detached.log() + 1 - q.detached
    // The slope at p = 0 is infinite. The softmax whose result underflowed to 0 would multiply it by 0, which gives NaN, so it is
    // replaced by 0.
    node.accumulate(
      Tensor(p.shape) { out in
        for i in 0..<p.count { out[i] = p.pointer[i] == 0 ? 0 : share * slope.pointer[i] }
      })
  }
}

/// Returns the mean over rows of −w ln softmax(logits)[label], in nats: logits [B, C] → scalar.
///
/// - `weights`: w of each row. The sum is divided by B, not by their sum. Default: 1.
public func crossEntropy(_ logits: Tensor, labels: [Int], weights: [Float]? = nil) -> Tensor {
  let right = logits.logSoftmax().picked(labels)
  return -(weights.map { right * Tensor($0, right.shape) } ?? right).mean()
}

/// Returns the mean over rows of −Σⱼ pⱼ ln softmax(logits)ⱼ, in nats: logits [B, C], p [B, C] → scalar.
public func crossEntropy(_ logits: Tensor, probabilities p: Tensor) -> Tensor {
  precondition(p.shape == logits.shape && p.shape.rank == 2, "cross-entropy of \(logits.shape) with \(p.shape)")
  precondition(p.shape[0] > 0, "cross-entropy of no rows")
  return -(p * logits.logSoftmax()).sum() / Float(p.shape[0])
}

/// Returns the mean over rows of Σⱼ −pⱼ ln σ(zⱼ) − (1 − pⱼ) ln(1 − σ(zⱼ)), in nats: logits z [B, C], p [B, C] → scalar.
///
/// Each of the C outputs decides for itself, as it does where several labels can apply. ∂/∂z = (σ(z) − p)/B. No gradient flows to p.
public func binaryCrossEntropy(_ logits: Tensor, probabilities p: Tensor) -> Tensor {
  precondition(p.shape == logits.shape && p.shape.rank == 2, "binary cross-entropy of \(logits.shape) with \(p.shape)")
  precondition(p.shape[0] > 0, "binary cross-entropy of no rows")
  let rows = Float(p.shape[0])
  return Tensor.record([], from: [logits]) { out in
    var sum = 0.0
    for i in 0..<logits.count {
      sum += Double(softplus(logits.pointer[i]) - logits.pointer[i] * p.pointer[i])
    }
    out.pointee = Float(sum / Double(rows))
  } backward: { dy in
    let slope = sigmoid(logits.detached) - p.detached
    logits.node?.accumulate(slope, scale: dy.pointee / rows)
  }
}

/// Returns ln(1 + e^x) of each element. No gradient flows through it.
func softplus(_ x: Tensor) -> Tensor {
  Tensor(x.shape) { out in for i in 0..<x.count { out[i] = softplus(x.pointer[i]) } }
}

private func softplus(_ x: Float) -> Float { max(x, 0) + log1p(exp(-abs(x))) }

/// Returns σ(x) = 1 / (1 + e^(−x)) of each element. No gradient flows through it.
public func sigmoid(_ x: Tensor) -> Tensor {
  Tensor(x.shape) { out in for i in 0..<x.count { out[i] = 1 / (1 + exp(-x.pointer[i])) } }
}

/// Returns the mean of (a − b)² over all elements of two tensors of the same shape.
public func meanSquaredError(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape, "mean squared error of \(a.shape) and \(b.shape)")
  return (a - b).squared().mean()
}

/// Returns the mean of the Huber function with β = 1 over all elements of two tensors of the same shape.
///
/// With d = a − b, the function is ½d² for |d| ≤ 1 and |d| − ½ otherwise.
public func smoothL1(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape, "smooth L1 of \(a.shape) and \(b.shape)")
  let distance = (a - b).absolute()
  let near = distance.clamped(to: 1)
  return (near.squared() / 2 + (distance - near)).mean()
}
