extension Tensor {
  /// Divides each row (last axis) by its Euclidean length: x / max(‖x‖₂, ε), like `normalize` in PyTorch.
  public func l2Normalised(epsilon: Float = 1e-12) -> Tensor {
    let (rows, columns) = (shape.rows, shape.columns)
    let norms = Storage(count: max(rows, 1))
    let y = Tensor(shape) { out in
      kernels.l2_normalise_rows(out, norms.pointer, pointer, epsilon, rows, columns)
    }
    return y.recorded(from: [self], passingOnTo: self) { dy in
      kernels.l2_normalise_backward_rows(dy, y.pointer, norms.pointer, dy, epsilon, rows, columns)
    }
  }

  /// Returns the Euclidean length of each row (last axis): [R, C] → [R]. The slope at a row of zeros is defined as 0.
  public func l2Norms() -> Tensor {
    let (rows, columns) = (shape.rows, shape.columns)
    let norms = Tensor(Shape(shape.array.dropLast())) { out in
      for i in 0..<rows { out[i] = Float(kernels.sum_of_squares(pointer + i * columns, columns).squareRoot()) }
    }
    let x = detached
    return norms.recorded(from: [self]) { [node] dy in
      node?.accumulate(in: 0..<x.count) { gradient in
        for i in 0..<rows where norms.pointer[i] > 0 {
          kernels.axpy(gradient + i * columns, dy[i] / norms.pointer[i], x.pointer + i * columns, columns)
        }
      }
    }
  }
}

/// Returns the cosine similarity of corresponding rows: [B, D], [B, D] → [B].
public func cosineSimilarity(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape && a.shape.rank >= 1, "cosine similarity of \(a.shape) and \(b.shape)")
  return (a.l2Normalised() * b.l2Normalised()).sum(axis: a.shape.rank - 1)
}

/// Returns LayerNorm(dropout(x + bias) + residual)·γ + β over the last axis: x, residual [N, H], bias, γ, β [H] → [N, H].
///
/// The variance is the biased one, as in PyTorch (Ba, Kiros and Hinton 2016). All of this is one operation, because both halves
/// of an encoder layer end with it, and so the sum before the norm need not be stored.
public func layerNorm(
  _ x: Tensor, bias: Tensor? = nil, dropout: Dropout = .none, residual: Tensor? = nil, gamma: Tensor, beta: Tensor,
  epsilon: Float
) -> Tensor {
  let (rows, columns) = (x.shape.rows, x.shape.columns)
  precondition(
    gamma.shape == [columns] && beta.shape == [columns], "layerNorm of \(x.shape) by \(gamma.shape), \(beta.shape)")
  precondition(bias.map { $0.shape == [columns] } ?? true, "layerNorm of \(x.shape) with another bias")
  precondition(residual.map { $0.shape == x.shape } ?? true, "layerNorm of \(x.shape) with another residual")
  let inputs = [x, gamma, beta] + [bias, residual].compactMap { $0 }
  let keep = inputs.contains { $0.requiresGradient }
  let normalised = keep ? Storage(count: x.count) : nil
  let statistics = Storage(count: max(2 * rows, 1))
  return Tensor.record(x.shape, from: inputs, passingOnTo: x) { out in
    x.forRows { offset, rows in
      var (source, bias) = (UnsafePointer(x.pointer + offset), bias.map { UnsafePointer($0.pointer) })
      if dropout.isActive {  // the mask applies to x + bias, so that sum has to be calculated first
        (out + offset).update(from: source, count: rows * columns)
        if let bias { kernels.bias_add(out + offset, bias, rows, columns) }
        dropout.apply(out + offset, out + offset, rows * columns, from: offset)
        (source, bias) = (UnsafePointer(out + offset), nil)
      }
      kernels.residual_layer_norm(
        out + offset, normalised.map { $0.pointer + offset }, statistics.pointer + offset / max(columns, 1) * 2, source,
        residual.map { $0.pointer + offset }, bias, gamma.pointer, beta.pointer, epsilon, rows, columns)
    }
  } backward: { dy in
    guard let normalised else { return }
    layerNormBackward(dy, normalised.pointer, statistics.pointer, gamma, beta, rows: rows, columns: columns)
    residual?.node?.accumulate(dy)
    if dropout.isActive {
      x.forRows { dropout.apply(dy + $0, dy + $0, $1 * columns, from: $0) }
    }
    bias?.accumulateColumnSums(dy, rows: rows)
  }
}

/// Replaces `dy` by the gradient of the norm's input, and adds to the gradients of γ and β.
///
/// Each part of the rows has its own sums for γ and β. They are added in the order of the parts, so that the result does not
/// depend on the threads.
private func layerNormBackward(
  _ dy: UnsafeMutablePointer<Float>, _ normalised: UnsafePointer<Float>, _ statistics: UnsafePointer<Float>,
  _ gamma: Tensor,
  _ beta: Tensor, rows: Int, columns: Int
) {
  let parts = Compute.parts(rows * columns, grain: 2 * elementwiseGrain, most: 32)
  let sums = Tensor(repeating: 0, [parts, 2, columns])
  Compute.parallel(parts: parts) { part in
    let range = rows * part / parts..<rows * (part + 1) / parts
    let offset = range.lowerBound * columns
    let partial = sums.pointer + part * 2 * columns
    kernels.layer_norm_backward(
      dy + offset, partial, partial + columns, normalised + offset, statistics + range.lowerBound * 2, gamma.pointer,
      dy + offset, range.count, columns)
  }
  for part in 0..<parts {
    let partial = sums.pointer + part * 2 * columns
    gamma.node?.accumulate(partial)
    beta.node?.accumulate(partial + columns)
  }
}
