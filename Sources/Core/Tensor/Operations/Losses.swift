/// Mean over rows of KL(p ‖ q) = Σⱼ pⱼ (ln pⱼ − ln qⱼ), in nats; q is given by its logarithm: [R, C], [R, C] → scalar.
///
/// Terms with p = 0 count as zero, and so do their slopes. ∂/∂ln q = −p/R; ∂/∂p = (ln p + 1 − ln q)/R.
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
    // The slope at p = 0 is infinite, but what made p vanish (an underflown softmax) multiplies it by 0: not NaN but 0.
    node.accumulate(
      Tensor(p.shape) { out in
        for i in 0..<p.count { out[i] = p.pointer[i] == 0 ? 0 : share * slope.pointer[i] }
      })
  }
}

/// Mean over rows of −ln softmax(logits)[label]: [B, C] → scalar, in nats.
public func crossEntropy(_ logits: Tensor, labels: [Int]) -> Tensor {
  -logits.logSoftmax().picked(labels).mean()
}

/// Mean over rows of −Σⱼ pⱼ ln softmax(logits)ⱼ: targets [B, C], logits [B, C] → scalar, in nats.
public func crossEntropy(_ logits: Tensor, probabilities p: Tensor) -> Tensor {
  precondition(p.shape == logits.shape && p.shape.rank == 2, "cross-entropy of \(logits.shape) with \(p.shape)")
  precondition(p.shape[0] > 0, "cross-entropy of no rows")
  return -(p * logits.logSoftmax()).sum() / Float(p.shape[0])
}

/// Mean of (a − b)² over tensors of one shape.
public func meanSquaredError(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape, "mean squared error of \(a.shape) and \(b.shape)")
  return (a - b).squared().mean()
}

/// Mean of the Huber function with β = 1 over tensors of one shape: ½d² where |d| ≤ 1, |d| − ½ beyond, d = a − b.
public func smoothL1(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape, "smooth L1 of \(a.shape) and \(b.shape)")
  let distance = (a - b).absolute()
  let near = distance.clamped(to: 1)
  return (near.squared() / 2 + (distance - near)).mean()
}
